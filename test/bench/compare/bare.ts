import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { driveCalls, together } from './drive.ts';
import type { MakePeer } from './peer.ts';
import { atOnce, organizationId, type Shape } from './shapes.ts';

/**
 * The least that any engine on Postgres could do, as a ceiling: per step one insert (the next step run)
 * and two updates (this step run, its execution) in one statement and one commit, no queue, no lease.
 *
 * With a batch of 20, the 20 executions that are open at once take their steps together: one client,
 * one commit for 20 steps.
 */
const makeBare: MakePeer = ({ batch = 1 }) => {
  let sql: Sql;

  const start = async (id: string) => {
    await sql`
      with execution as (insert into bare_executions (id) values (${id}))
      insert into bare_steps (execution_id, number) values (${id}, 0)`;
  };

  const complete = (ids: string[], step: number, { steps, writes }: Shape) => {
    const last = step + 1 === steps;
    return sql`
    with done as (
      update bare_steps set status = 'succeeded', finished_at = clock_timestamp(), output = '{}'
        where execution_id = any(${ids}) and number = ${step}
    ), moved as (
      update bare_executions set steps_done = ${step + 1}, status = ${last ? 'succeeded' : 'running'}
        where id = any(${ids})
    ), written as (
      insert into public.bench_rows (organization_id, step)
        select ${organizationId}, 'step' from unnest(${writes ? ids : []}::uuid[])
    )
    insert into bare_steps (execution_id, number)
      select id, ${step + 1}::int from unnest(${last ? [] : ids}::uuid[]) id`;
  };

  const runSet = async (size: number, shape: Shape) => {
    const ids = Array.from({ length: size }, () => randomUUID());
    await Promise.all(ids.map(start));
    for (let step = 0; step < shape.steps; step += 1) await complete(ids, step, shape);
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: atOnce, onnotice: () => {} });
      await sql`create table bare_executions (
        id uuid primary key, status text not null default 'running', steps_done int not null default 0)`;
      await sql`create table bare_steps (
        execution_id uuid not null, number int not null, status text not null default 'ready',
        created_at timestamptz not null default clock_timestamp(), finished_at timestamptz, output jsonb,
        primary key (execution_id, number))`;
    },
    run(shape, executions, concurrency) {
      const size = Math.min(batch, concurrency);
      let left = executions;
      const nextSet = () => {
        const taken = Math.min(size, left);
        left -= taken;
        return runSet(taken, shape);
      };
      const sets = Math.ceil(executions / size);
      return concurrency === 1 ? driveCalls(nextSet, sets, 1) : together(nextSet, sets, concurrency / size);
    },
    close: () => sql.end({ timeout: 1 }),
  };
};

export default makeBare;
