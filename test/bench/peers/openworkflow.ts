import { OpenWorkflow } from 'openworkflow';
import { BackendPostgres } from 'openworkflow/postgres';
import postgres, { type Sql } from 'postgres';
import { driveQueued, type Progress } from '../compare/drive.ts';
import type { MakePeer } from '../compare/peer.ts';
import { atOnce, organizationId, shapes, stepNames } from '../compare/shapes.ts';

/** OpenWorkflow: a backend with its own pool and one worker, as its documentation has it for production. */
const makeOpenWorkflow: MakePeer = () => {
  let sql: Sql;
  let backend: BackendPostgres;
  let worker: ReturnType<OpenWorkflow['newWorker']>;
  const starters = new Map<string, () => Promise<string>>();

  const write = (step: string) =>
    sql`insert into public.bench_rows (organization_id, step) values (${organizationId}, ${step})`;

  const progress = async (ids: string[]): Promise<Progress> => {
    const [row] = await sql<Progress[]>`
      select count(*) filter (where status = 'completed')::int as succeeded,
        count(*) filter (where status in ('failed', 'canceled'))::int as failed
      from openworkflow.workflow_runs where id = any(${ids})`;
    return row ?? { succeeded: 0, failed: 0 };
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: 10, onnotice: () => {} });
      backend = await BackendPostgres.connect(url);
      const client = new OpenWorkflow({ backend });
      for (const shape of shapes) {
        const workflow = client.defineWorkflow({ name: shape.id }, async ({ step }) => {
          for (const name of stepNames(shape)) {
            await step.run({ name }, async () => {
              if (shape.writes) await write(name);
            });
          }
        });
        starters.set(shape.id, async () => (await workflow.run()).workflowRun.id);
      }
      worker = client.newWorker({ concurrency: atOnce });
      await worker.start();
    },
    run(shape, executions, concurrency) {
      const start = starters.get(shape.id);
      if (!start) throw new Error(`no workflow ${shape.id}`);
      return driveQueued({ start, progress }, executions, concurrency);
    },
    async close() {
      await worker.stop();
      await backend.stop();
      await sql.end({ timeout: 1 });
    },
  };
};

export default makeOpenWorkflow;
