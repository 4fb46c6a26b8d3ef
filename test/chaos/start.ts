import { publishWorkflow } from '../../shared/client/index.ts';
import type { Environment } from './environment.ts';
import { persistently } from './persist.ts';
import { counters, type Shape, shapes } from './shapes.ts';

/** Starts executions of the mix, one after another, however often the database goes away meanwhile. */
export interface Starter {
  /** Starts the next execution. */
  start(signal: AbortSignal): Promise<void>;
  started(): number;
}

interface Published {
  shape: Shape;
  workflowId: string;
}

/** Publishes every shape as a workflow of the same name. */
export async function publishShapes({ client, sql, organizationId }: Environment): Promise<Published[]> {
  for (let id = 1; id <= counters; id += 1) {
    await sql`insert into public.chaos_counters (id, organization_id) values (${id}, ${organizationId})`;
  }
  const published: Published[] = [];
  for (const shape of shapes) {
    const { name, steps } = shape;
    const trigger = shape.startedByRow
      ? { type: 'event', table: 'chaos_orders', events: ['insert'] }
      : { type: 'manual' };
    const { workflowId } = await publishWorkflow(client, {
      organizationId,
      definition: { name, trigger, steps },
    });
    published.push({ shape, workflowId });
  }
  return published;
}

/** Every start has a key of its own, so one that was committed unseen is not started twice. */
export function createStarter({ sql, organizationId, userId }: Environment, all: Published[]): Starter {
  const published = all.filter(({ shape }) => !shape.startedBy);
  let started = 0;
  const startOne = async (number: number) => {
    const { shape, workflowId } = published[number % published.length] as Published;
    if (shape.startedByRow) {
      await sql`insert into public.chaos_orders (id, organization_id, number)
        values (${number}, ${organizationId}, ${number}) on conflict (id) do nothing`;
      return;
    }
    const input = { number, even: number % 2 === 0, approver: userId };
    await sql`select workflow.start(${workflowId}::uuid, ${sql.json(input)}, ${String(number)})`;
  };
  return {
    async start(signal) {
      await persistently(() => startOne(started), signal);
      started += 1;
    },
    started: () => started,
  };
}
