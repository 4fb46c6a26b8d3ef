import { DBOS } from '@dbos-inc/dbos-sdk';
import postgres, { type Sql } from 'postgres';
import { driveCalls } from '../compare/drive.ts';
import type { MakePeer } from '../compare/peer.ts';
import { organizationId, type Shape, shapes, stepNames } from '../compare/shapes.ts';

/**
 * DBOS as its quickstart has it: workflows run in the process that starts them, `DBOS.runStep` for each
 * step. Its datasources, which write a row and the checkpoint in one commit, are not on npm for this SDK.
 */
const makeDbos: MakePeer = () => {
  let sql: Sql;

  const runStep = (name: string, { writes }: Shape) =>
    DBOS.runStep(
      async () => {
        if (writes)
          await sql`insert into public.bench_rows (organization_id, step) values (${organizationId}, ${name})`;
      },
      { name },
    );

  const workflows = new Map(
    shapes.map((shape) => [
      shape.id,
      DBOS.registerWorkflow(
        async () => {
          for (const name of stepNames(shape)) await runStep(name, shape);
        },
        { name: shape.id },
      ),
    ]),
  );

  const execute = async (shape: Shape) => {
    const workflow = workflows.get(shape.id);
    if (!workflow) throw new Error(`no workflow ${shape.id}`);
    const handle = await DBOS.startWorkflow(workflow)();
    await handle.getResult();
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: 10, onnotice: () => {} });
      DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error' });
      await DBOS.launch();
    },
    run: (shape, executions, concurrency) => driveCalls(() => execute(shape), executions, concurrency),
    async close() {
      await DBOS.shutdown();
      await sql.end({ timeout: 1 });
    },
  };
};

export default makeDbos;
