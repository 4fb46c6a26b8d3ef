import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PgflowSqlClient } from '@pgflow/core';
import { type AnyFlow, compileFlow, Flow } from '@pgflow/dsl';
import postgres, { type Sql } from 'postgres';
import { driveQueued, type Progress } from '../compare/drive.ts';
import type { MakePeer } from '../compare/peer.ts';
import { atOnce, organizationId, type Shape, shapes, stepNames } from '../compare/shapes.ts';
import { PgflowWorker } from './pgflow-worker.ts';

const migrations = join(
  dirname(createRequire(import.meta.url).resolve('@pgflow/core/package.json')),
  'dist/supabase/migrations',
);

/** pgflow in a Supabase project's database: its migrations, a compiled flow for each shape, a worker for the flow that runs. */
const makePgflow: MakePeer = () => {
  let sql: Sql;
  let workerSql: Sql;
  const flows = new Map<string, AnyFlow>();

  const define = (shape: Shape): AnyFlow => {
    let flow = new Flow({ slug: shape.id }) as unknown as AnyFlow;
    let previous: string[] = [];
    for (const slug of stepNames(shape)) {
      const handler = async () => {
        if (shape.writes)
          await workerSql`insert into public.bench_rows (organization_id, step) values (${organizationId}, ${slug})`;
        return {};
      };
      flow = flow.step(
        { slug: slug as never, dependsOn: previous as never[] },
        handler,
      ) as unknown as AnyFlow;
      previous = [slug];
    }
    return flow;
  };

  const progress = async (ids: string[]): Promise<Progress> => {
    const [row] = await sql<Progress[]>`
      select count(*) filter (where status = 'completed')::int as succeeded,
        count(*) filter (where status = 'failed')::int as failed
      from pgflow.runs where run_id = any(${ids})`;
    return row ?? { succeeded: 0, failed: 0 };
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: 10, onnotice: () => {} });
      // As the edge worker connects by default.
      workerSql = postgres(url, { max: 4, prepare: false, onnotice: () => {} });
      for (const file of readdirSync(migrations).sort()) {
        if (file.endsWith('.sql')) await sql.unsafe(readFileSync(join(migrations, file), 'utf8'));
      }
      for (const shape of shapes) {
        const flow = define(shape);
        for (const statement of compileFlow(flow)) await sql.unsafe(statement);
        flows.set(shape.id, flow);
      }
    },
    async run(shape, executions, concurrency) {
      const flow = flows.get(shape.id);
      if (!flow) throw new Error(`no flow ${shape.id}`);
      const client = new PgflowSqlClient<AnyFlow>(sql as never);
      const start = async () => (await client.startFlow(flow.slug, {} as never)).run_id;
      const worker = new PgflowWorker(workerSql, flow, atOnce);
      await worker.start();
      try {
        return await driveQueued({ start, progress }, executions, concurrency);
      } finally {
        await worker.stop();
      }
    },
    async close() {
      await Promise.all([sql.end({ timeout: 1 }), workerSql.end({ timeout: 1 })]);
    },
  };
};

export default makePgflow;
