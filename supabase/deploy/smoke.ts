import type { Sql } from 'postgres';
import { compile } from '../../shared/definition/index.ts';
import type { Finding } from '../findings.ts';

const definition = {
  name: 'Smoke test of a deployment',
  trigger: { type: 'manual' },
  steps: [{ id: 'nothing', type: 'transform', output: { works: true } }],
};
/** Milliseconds: more than the sweep takes, should the wake-up be lost. */
const patience = 30_000;
const look = 200;

/** Publishes a workflow that does nothing, runs it and deletes it: database, Vault, pg_net and worker work together. */
export async function checkByRunning(sql: Sql): Promise<Finding> {
  const workflowId = await publish(sql);
  try {
    const [row] = await sql<{ id: string }[]>`select workflow.start(${workflowId}::uuid, '{}') as id`;
    return await waitFor(sql, row?.id ?? '');
  } finally {
    await sql`update public.workflow_executions set status = 'cancelled'
      where workflow_id = ${workflowId} and finished_at is null`;
    await sql`delete from public.workflows where id = ${workflowId}`;
    await sql`delete from public.workflow_audit_log where workflow_id = ${workflowId}`;
  }
}

/** In an organisation that nobody belongs to. */
async function publish(sql: Sql): Promise<string> {
  const compiled = compile(definition, { actions: { get: () => undefined, names: () => [] } });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { plan } = compiled;
  return sql.begin(async (tx) => {
    const [workflow] = await tx<{ id: string }[]>`
      insert into public.workflows (organization_id, name) values (workflow.new_id(), ${definition.name}) returning id`;
    await tx`insert into public.workflow_versions (workflow_id, version, definition, plan)
      values (${workflow?.id ?? ''}, 1, ${tx.json(compiled.definition as never)}, ${tx.json(plan as never)})`;
    return workflow?.id ?? '';
  });
}

async function waitFor(sql: Sql, id: string): Promise<Finding> {
  const check = 'smoke';
  for (const end = Date.now() + patience; ; ) {
    const [run] = await sql<{ status: string; error: unknown; ms: number | null }[]>`
      select status, error, round(extract(epoch from finished_at - created_at) * 1000)::int as ms
      from public.workflow_executions where id = ${id}`;
    if (run?.status === 'succeeded')
      return { check, status: 'ok', value: `a workflow ran in ${run.ms} ms`, hint: null };
    if (run?.ms !== null || Date.now() > end || (await hasLostWakeUp(sql, id)))
      return explain(sql, run?.status ?? 'gone', run?.error);
    await new Promise((resolve) => setTimeout(resolve, look));
  }
}

/** A wake-up that the worker has refused will be refused again by the sweep. */
async function hasLostWakeUp(sql: Sql, id: string): Promise<boolean> {
  const [lost] = await sql`
    select from workflow.wake_ups w
    join net._http_response r on r.id = w.request_id
    join public.workflow_executions e on e.created_at <= w.sent_at
    where e.id = ${id} and (r.timed_out or r.status_code >= 400 or r.error_msg is not null)`;
  return lost !== undefined;
}

async function explain(sql: Sql, status: string, error: unknown): Promise<Finding> {
  const [wakeUp] = await sql<Finding[]>`select * from workflow.health() where "check" = 'wake_ups'`;
  return {
    check: 'smoke',
    status: 'error',
    value: error
      ? `the workflow failed: ${JSON.stringify(error)}`
      : `the workflow is still ${status}; wake-ups: ${wakeUp?.value}`,
    hint: wakeUp?.hint ?? 'Look into the logs of the function worker in the dashboard.',
  };
}
