import { afterEach, expect, it } from 'vitest';
import { type ExecutionSnapshot, watchExecution } from '../../shared/client/index.ts';
import { storeSecrets } from '../../supabase/local/vault.ts';
import { useOwnPlatform } from '../support/own-platform.ts';
import { finishedExecution, publishSteps, startExecution, stepOf } from '../support/workflows.ts';

// What changes settings or keys, on a platform of its own.

const { platform, sql, signUp } = await useOwnPlatform();
const adminUrl = platform.details.db_url.replace('//postgres:', '//supabase_admin:');

const chain = ['one', 'two', 'three'].map((id) => ({ id, type: 'transform', output: id }));

afterEach(async () => {
  await sql`update workflow.settings set steps_per_invocation = default, broadcast = default, max_slots = default`;
});

it('with steps_per_invocation above 1 an invocation drains the queue and completes steps in sets', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, chain);
  await sql`update workflow.settings set steps_per_invocation = 10, max_slots = 1`;
  const rows = Array.from({ length: 20 }, () => ({ workflow_id: workflowId }));
  const { data } = await client.from('workflow_executions').insert(rows).select('id').throwOnError();
  await Promise.all(data.map(({ id }) => finishedExecution(client, id)));
  // Steps that were written by one transaction share its number.
  const [count] = await sql`
    select count(*)::int as steps, count(distinct xmin::text)::int as commits
    from public.workflow_execution_steps where organization_id = ${organizationId} and status = 'succeeded'`;
  expect(count?.steps).toBe(60);
  expect(count?.commits).toBeLessThanOrEqual(12);
});

it('with broadcast none nothing is sent, and watchExecution still comes to the end by reading', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, chain);
  await sql`update workflow.settings set broadcast = 'none'`;
  const id = await startExecution(client, workflowId);
  const watch = watchExecution(client, id, () => {}, { rereadMs: 200 });
  const { execution } = await watch.finished;
  await watch.stop();
  expect(execution).toMatchObject({ status: 'succeeded', output: 'three' });
  const sent = await sql`select from realtime.messages where topic in
    (${`workflow:execution:${id}`}, ${`workflow:org:${organizationId}`})`;
  expect(sent).toHaveLength(0);
});

it('a wake-up that nobody answered is made up for by the sweep under pg_cron', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, chain);
  const [job] = await sql`select schedule, command from cron.job where jobname = 'workflow-sweep'`;
  expect(job).toEqual({ schedule: '10 seconds', command: 'select workflow.sweep()' });
  await sql`select cron.unschedule('workflow-sweep')`;
  // No chain is lingering that could find the work by itself.
  await expect
    .poll(async () => (await sql`select from workflow.slots where expires_at > clock_timestamp()`).length, {
      timeout: 15_000,
    })
    .toBe(0);

  await storeSecrets(adminUrl, { secret_key: 'sb_secret_not_the_key' });
  const id = await startExecution(client, workflowId);
  await expect
    .poll(async () => sql`select status_code from net._http_response order by id desc limit 1`, {
      timeout: 10_000,
    })
    .toEqual([{ status_code: 401 }]);
  await storeSecrets(adminUrl, { secret_key: platform.details.secret_key });
  const [waiting] = await sql`select status from public.workflow_execution_steps where execution_id = ${id}`;
  expect(waiting?.status).toBe('queued');

  await sql`select cron.schedule('workflow-sweep', '1 second', 'select workflow.sweep()')`;
  expect((await finishedExecution(client, id)).execution.status).toBe('succeeded');
});

it('watchExecution goes on through a restart of the database, without a gap and without a double', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, [
    chain[0],
    { id: 'pause', type: 'delay', for: '3s' },
    chain[1],
  ]);
  await sql`select cron.schedule('workflow-sweep', '1 second', 'select workflow.sweep()')`;
  const id = await startExecution(client, workflowId);
  let restarted = false;
  const restart = ({ execution }: ExecutionSnapshot) => {
    if (execution.status !== 'waiting' || restarted) return;
    restarted = true;
    process.kill(platform.state().pids.postgres ?? 0, 'SIGINT');
  };
  // One has only its channel to learn from; the other reads so often that it reads the same again and again.
  const revisions: number[][] = [[], []];
  const watches = [600_000, 100].map((rereadMs, index) =>
    watchExecution(
      client,
      id,
      (snapshot) => {
        revisions[index]?.push(snapshot.execution.revision);
        restart(snapshot);
      },
      { rereadMs },
    ),
  );
  const [last, other] = await Promise.all(watches.map(({ finished }) => finished));
  await Promise.all(watches.map((watch) => watch.stop()));
  if (!last) throw new Error('not watched');
  expect(other?.steps).toMatchObject(last.steps.map(({ id, status }) => ({ id, status })));
  expect(restarted).toBe(true);
  for (const seen of revisions) expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  expect(last.execution.status).toBe('succeeded');
  expect(last.steps.map(({ step_id, status }) => `${step_id} ${status}`)).toEqual([
    'one succeeded',
    'pause succeeded',
    'two succeeded',
  ]);
  // What was watched is what is there.
  const { data } = await client
    .from('workflow_execution_steps')
    .select('*')
    .eq('execution_id', id)
    .order('id');
  expect(data).toMatchObject(last.steps);
  expect(stepOf(last, 'pause').finished_at).not.toBeNull();
});
