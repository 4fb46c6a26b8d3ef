import { readFileSync } from 'node:fs';
import { Absurd } from 'absurd-sdk';
import postgres, { type Sql } from 'postgres';
import { driveQueued, type Progress } from '../compare/drive.ts';
import type { MakePeer } from '../compare/peer.ts';
import { atOnce, organizationId, shapes, stepNames } from '../compare/shapes.ts';

/** Its SDK comes from npm, its schema does not: the file `absurd.sql` of a release. */
function readSchema(): string {
  const file = process.env.ABSURD_SQL;
  if (file) return readFileSync(file, 'utf8');
  throw new Error('its schema is not on npm: set ABSURD_SQL to the absurd.sql of the same release');
}

/** Absurd: one queue, one worker, as its README has it. */
const makeAbsurd: MakePeer = () => {
  let sql: Sql;
  let app: Absurd;

  /** The SDK tells of one task at a time. */
  const progress = async (ids: string[]): Promise<Progress> => {
    const found = await Promise.all(ids.map((id) => app.fetchTaskResult(id)));
    const count = (...states: string[]) => found.filter((task) => task && states.includes(task.state)).length;
    return { succeeded: count('completed'), failed: count('failed', 'cancelled') };
  };

  return {
    async setup(url) {
      const schema = readSchema();
      sql = postgres(url, { max: 10, onnotice: () => {} });
      await sql.unsafe(schema);
      app = new Absurd({ db: url });
      await app.createQueue();
      for (const shape of shapes) {
        app.registerTask({ name: shape.id }, async (_params, context) => {
          for (const step of stepNames(shape)) {
            await context.step(step, async () => {
              if (!shape.writes) return {};
              await sql`insert into public.bench_rows (organization_id, step) values (${organizationId}, ${step})`;
              return {};
            });
          }
          return {};
        });
      }
      await app.startWorker({ concurrency: atOnce });
    },
    run: (shape, executions, concurrency) =>
      driveQueued(
        { start: async () => (await app.spawn(shape.id, {})).taskID, progress },
        executions,
        concurrency,
      ),
    async close() {
      await app?.close();
      await sql?.end({ timeout: 1 });
    },
  };
};

export default makeAbsurd;
