import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advance, chain, claimOne, complete, outcome, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { connect } from '../../support/platform.ts';

const database = await useEngineDatabase();
const { sql } = database;
/** pg_cron itself. */
const cron = connect(database.url.replace('//postgres:', '//supabase_admin:'));

interface Finding {
  check: string;
  status: string;
  value: string;
  hint: string | null;
}

const examine = () => sql<Finding[]>`select * from workflow.health()`;

/** What is not as it should be. */
const complaints = async () => (await examine()).filter(({ status }) => status !== 'ok');

async function only(): Promise<Finding | undefined> {
  const [first, ...others] = await complaints();
  expect(others).toEqual([]);
  return first;
}

/** Notes a run of the sweep as pg_cron does. */
const noteSweep = (ago: string, status = 'succeeded', message = '1 row') => cron`
  insert into cron.job_run_details (jobid, database, username, command, status, return_message, start_time, end_time)
  select jobid, database, username, command, ${status}, ${message}, clock_timestamp() - ${ago}::interval,
    clock_timestamp() - ${ago}::interval
  from cron.job where jobname = 'workflow-sweep'`;

/** What pg_net has stored of a wake-up. */
async function answer(values: Record<string, unknown>, wakeUp = true): Promise<void> {
  const [{ id } = { id: 0 }] = await sql`select coalesce(max(id), 0) + 1 as id from net._http_response`;
  await sql`insert into net._http_response ${sql({ id, ...values } as never)}`;
  if (wakeUp) await sql`insert into workflow.wake_ups (request_id) values (${id})`;
}

beforeEach(async () => {
  await sql`select vault.create_secret('http://127.0.0.1:9', 'project_url'), vault.create_secret('sb_secret_x', 'secret_key')`;
  await noteSweep('5 seconds');
});

afterEach(async () => {
  await sql`truncate public.workflows, public.workflow_audit_log cascade`;
  await sql`select pgmq.purge_queue('workflow')`;
  await sql`delete from vault.secrets`;
  await sql`delete from cron.job_run_details`;
  await sql`delete from net._http_response`;
  await sql`delete from net.http_request_queue`;
  await sql`delete from workflow.wake_ups`;
  await sql`update workflow.settings set clock_offset = '0'`;
});

it('of a project that works is ok throughout, and says so of each check', async () => {
  await answer({ status_code: 202 });
  const findings = await examine();
  expect(findings.map(({ status, hint }) => [status, hint])).toEqual(findings.map(() => ['ok', null]));
  expect(findings.map(({ check }) => check)).toEqual([
    ...[
      'vault_entries',
      'sweep_job',
      'sweep_runs',
      'wake_ups',
      'queue_depth',
      'oldest_ready_step',
      'backlog',
    ],
    ...[
      'lost_leases',
      'stuck_executions',
      'late_schedules',
      'failing_schedules',
      'paused_by_failing_rule',
      'clock',
    ],
  ]);
});

describe('is in error when', () => {
  it('a Vault entry is missing, and names it with the SQL that makes it', async () => {
    await sql`delete from vault.secrets where name = 'project_url'`;
    expect(await only()).toMatchObject({
      check: 'vault_entries',
      status: 'error',
      value: 'project_url is missing',
      hint: expect.stringContaining('vault.create_secret('),
    });
  });

  it('the Vault entry is no secret key', async () => {
    await sql`delete from vault.secrets where name = 'secret_key'`;
    await sql`select vault.create_secret('sb_publishable_x', 'secret_key')`;
    expect(await only()).toMatchObject({ check: 'vault_entries', value: 'secret_key is no secret key' });
  });

  it.each([
    ['is missing', `select cron.unschedule('workflow-sweep'::text)`, 'pg_cron has no job workflow-sweep'],
    [
      'is switched off',
      `select cron.alter_job(jobid, active => false) from cron.job`,
      'the job is switched off',
    ],
  ])('the job of the sweep %s', async (_, statement, value) => {
    const [job] = await sql`select schedule, command from cron.job where jobname = 'workflow-sweep'`;
    await sql.unsafe(statement);
    expect(await complaints()).toContainEqual({
      check: 'sweep_job',
      status: 'error',
      value,
      hint: expect.stringContaining(`cron.schedule('workflow-sweep'`),
    });
    await sql`select cron.schedule('workflow-sweep', ${job?.schedule}, ${job?.command})`;
  });

  it('the sweep does not run', async () => {
    await sql`delete from cron.job_run_details`;
    expect(await only()).toMatchObject({
      check: 'sweep_runs',
      status: 'error',
      value: 'pg_cron has noted no run',
    });
    await noteSweep('1 hour');
    expect(await only()).toMatchObject({
      check: 'sweep_runs',
      value: expect.stringMatching(/^last run 01:00:0\d ago$/),
    });
  });

  it('the sweep fails', async () => {
    await noteSweep('1 second', 'failed', 'ERROR:  no more');
    expect(await only()).toMatchObject({
      check: 'sweep_runs',
      value: 'the last run failed: ERROR:  no more',
    });
  });

  it.each([
    [{ status_code: 401 }, '401', 'secret_key'],
    [{ status_code: 404 }, '404', 'functions deploy worker'],
    [{ timed_out: true, error_msg: 'Timeout was reached' }, 'timeout', 'logs'],
    [{ status_code: 503 }, '503', 'deploy it again'],
    [{ error_msg: 'Could not connect to server' }, 'Could not connect to server', 'project_url'],
  ])('the last wake-up was answered with %j', async (values, failure, hint) => {
    await answer({ status_code: 202 });
    await answer(values);
    expect(await only()).toEqual({
      check: 'wake_ups',
      status: 'error',
      value: `1 of 2 failed, the last with: ${failure}`,
      hint: expect.stringContaining(hint),
    });
  });

  it('a ready step waits for ten minutes', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    await sql`update pgmq.q_workflow set vt = clock_timestamp() - interval '11 minutes'`;
    expect(await only()).toMatchObject({ check: 'oldest_ready_step', status: 'error' });
  });

  it('a lease is over and nobody takes it back', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    await claimOne(sql);
    await sql`update workflow.leases set expires_at = clock_timestamp() - interval '4 minutes'`;
    expect(await only()).toMatchObject({
      check: 'lost_leases',
      status: 'error',
      hint: expect.stringContaining('sweep'),
    });
  });

  it('an execution waits for something that will not come', async () => {
    const id = await start(sql, await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1h' }] }));
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until }));
    await sql`update public.workflow_execution_steps set started_at = clock_timestamp() - interval '6 minutes'`;
    expect(await complaints()).toEqual([]);
    await sql`delete from workflow.timers`;
    expect(await only()).toMatchObject({
      check: 'stuck_executions',
      status: 'error',
      hint: expect.stringContaining(id),
    });
  });

  it('a schedule has been due for ten minutes', async () => {
    const { id } = await publish(sql, { steps: chain('one') });
    await sql`insert into public.scheduled_workflows (workflow_id, every) values (${id}, '1 hour')`;
    await sql`update public.scheduled_workflows set next_run_at = workflow.now() - interval '11 minutes'`;
    expect(await only()).toMatchObject({ check: 'late_schedules', status: 'error' });
  });

  it('a workflow was paused by a rule that failed, until it is published anew', async () => {
    const { id, organizationId } = await publish(sql, { steps: chain('one') });
    await sql`update public.workflows set status = 'paused' where id = ${id}`;
    expect(await complaints()).toEqual([]);
    await sql`insert into public.workflow_audit_log (organization_id, workflow_id, event, details)
      values (${organizationId}, ${id}, 'trigger_failed', '{"error": "cannot compare"}')`;
    expect(await only()).toMatchObject({
      check: 'paused_by_failing_rule',
      status: 'error',
      hint: expect.stringContaining('Test (cannot compare)'),
    });
    await sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
      select workflow_id, 1, definition, plan from public.workflow_versions where workflow_id = ${id}`;
    expect(await complaints()).toEqual([]);
  });
});

describe('warns when', () => {
  it('some wake-ups have failed, and the last has not', async () => {
    await answer({ status_code: 401 });
    await answer({ status_code: 202 });
    expect(await only()).toMatchObject({ check: 'wake_ups', status: 'warn' });
  });

  it('many steps are ready', async () => {
    await sql`select pgmq.send_batch('workflow', array(select '{}'::jsonb from generate_series(1, 1000)))`;
    expect(await only()).toMatchObject({
      check: 'queue_depth',
      status: 'warn',
      value: '1000 steps are ready',
    });
  });

  it('a step has lost a worker', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    await sql`update workflow.strands set deliveries = 1`;
    expect(await only()).toMatchObject({ check: 'lost_leases', status: 'warn' });
  });

  it('an execution has not been admitted for ten minutes', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await sql`update public.workflows set settings = '{"maxConcurrent": 1}'`;
    await start(sql, workflow);
    const second = await start(sql, workflow);
    await sql`update public.workflow_executions set created_at = clock_timestamp() - interval '11 minutes' where id = ${second}`;
    expect(await only()).toMatchObject({ check: 'backlog', status: 'warn' });
  });

  it('a schedule could not start its workflow, and names it', async () => {
    const { id } = await publish(sql, { steps: chain('one') });
    await sql`insert into public.scheduled_workflows (workflow_id, name, every) values (${id}, 'Digest', '1 hour')`;
    await sql`update public.workflows set status = 'archived' where id = ${id}`;
    await sql`update public.scheduled_workflows set next_run_at = workflow.now()`;
    await sql`select workflow.sweep()`;
    expect(await only()).toMatchObject({
      check: 'failing_schedules',
      status: 'warn',
      hint: expect.stringContaining(`Digest (Workflow 'Test' is archived.)`),
    });
  });

  it('somebody has moved the clock', async () => {
    await advance(sql, '1 day');
    expect(await only()).toMatchObject({ check: 'clock', status: 'warn', value: 'is off by 1 day' });
  });
});

it('takes no other answers of pg_net for those of wake-ups', async () => {
  await answer({ status_code: 500 }, false);
  expect(await complaints()).toEqual([]);
});

it('knows its wake-ups, and the sweep forgets them after an hour', async () => {
  await start(sql, await publish(sql, { steps: chain('one') }));
  expect(
    await sql`select from workflow.wake_ups w join net.http_request_queue q on q.id = w.request_id`,
  ).toHaveLength(1);
  await sql`update workflow.wake_ups set sent_at = clock_timestamp() - interval '61 minutes'`;
  await sql`delete from pgmq.q_workflow`;
  await sql`select workflow.forget_wake_ups()`;
  expect(await sql`select from workflow.wake_ups`).toHaveLength(0);
});

it.each([
  ['authenticated', false],
  ['anon', false],
  ['service_role', true],
])('%s may ask for it: %s', async (role, may) => {
  const asking = sql.begin(async (tx) => {
    await tx`select set_config('role', ${role}, true)`;
    return tx`select * from public.workflow_health()`;
  });
  if (may) expect((await asking).length).toBeGreaterThan(10);
  else await expect(asking).rejects.toMatchObject({ code: '42501' });
});

it('of an organisation is refused to a user who is no admin of it', async () => {
  const asking = sql.begin(async (tx) => {
    await tx`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${JSON.stringify({ sub: randomUUID() })}, true)`;
    return tx`select * from public.workflow_health(${randomUUID()})`;
  });
  await expect(asking).rejects.toMatchObject({ detail: 'not_an_admin' });
});
