/** What an execution does. A loop over 1,000 items joins the list when our engine has loops. */
export interface Shape {
  id: string;
  steps: number;
  /** Whether each step writes a row into `bench_rows`; otherwise it does nothing. */
  writes: boolean;
}

/** Executions that are open at once in the runs for throughput. */
export const atOnce = 20;

const chain: Shape = { id: 'chain', steps: 10, writes: false };
const single: Shape = { id: 'single', steps: 1, writes: false };
const rows: Shape = { id: 'rows', steps: 10, writes: true };

export const shapes = [chain, single, rows];

/** A column of the table. */
export interface Measurement {
  id: string;
  title: string;
  shape: Shape;
  /** 1: latency. More: throughput. */
  concurrency: number;
  /** How many executions in proportion to `--executions`. */
  share: number;
}

export const measurements: Measurement[] = [
  { id: 'chain', title: '10-step chain', shape: chain, concurrency: atOnce, share: 1 },
  { id: 'single', title: '1 step', shape: single, concurrency: atOnce, share: 5 },
  { id: 'rows', title: '10 rows', shape: rows, concurrency: atOnce, share: 1 },
  { id: 'latency', title: 'chain alone', shape: chain, concurrency: 1, share: 0.1 },
];

/** Names of a shape's steps. */
export const stepNames = ({ steps }: Shape) => Array.from({ length: steps }, (_, index) => `step${index}`);

/** The table that the steps of shape `rows` write to, the same for everybody. */
export const rowsTable = `
  create table public.bench_rows (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    step text not null,
    created_at timestamptz not null default now()
  )`;

/** Whose rows they are. */
export const organizationId = '0b9f5d0e-52c1-4d0a-9d34-6a1f4c2d7e10';
