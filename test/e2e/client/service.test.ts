import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { WorkflowError, WorkflowService } from '../../../shared/client/index.ts';
import { addMember, platform, serviceClient, signUp, signUpUser, sql } from '../../support/platform.ts';
import { stepOf } from '../../support/workflows.ts';

const transform = { id: 'one', type: 'transform', output: { $: 'input' } };
const definition = (steps: object[] = [transform], rest: object = {}) => ({
  name: 'Test',
  trigger: { type: 'manual' },
  ...rest,
  steps,
});

/** A service of a new organisation's owner, and a workflow of it. */
async function setUp(steps?: object[], rest?: object) {
  const owner = await signUp();
  const service = new WorkflowService(owner.client);
  const { organizationId } = owner;
  const { workflowId } = await service.publishWorkflow({
    organizationId,
    definition: definition(steps, rest),
  });
  return { ...owner, service, workflowId };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('nothing was refused');
    },
    (error) => {
      expect(error).toBeInstanceOf(WorkflowError);
      const { code, message, hint, path } = error as WorkflowError;
      return { code, message, hint, path };
    },
  );

describe('a workflow from a template', () => {
  it('is executed by the lines an application writes', async () => {
    const { client, organizationId, id: userId } = await signUp();
    const service = new WorkflowService(client);
    const templates = service.getTemplates();
    const workflow = await service.createFromTemplate('lead-scoring-automation', organizationId, userId);
    const execution = await service.executeWorkflow(workflow.id, { leadId: 'lead_123', source: 'website' });
    const status = await service.getExecution(execution.id);
    expect(templates.map(({ id }) => id)).toContain(workflow.template_id);
    expect(workflow).toMatchObject({ status: 'active', active_version: 1, category: 'sales', draft: null });
    expect(status).toMatchObject({ id: execution.id, input: { leadId: 'lead_123', source: 'website' } });
    expect(status.steps.length).toBeGreaterThan(0);
  });

  it('takes variables in place of its defaults, and refuses those it does not have', async () => {
    const { client, organizationId, id } = await signUp();
    const service = new WorkflowService(client);
    const make = (variables: Record<string, number>) =>
      service.createFromTemplate('lead-scoring-automation', organizationId, id, { variables });
    const workflow = await make({ hotScore: 80 });
    const [version] = await service.listVersions(workflow.id);
    expect(version?.definition).toMatchObject({ variables: { hotScore: 80, warmScore: 40 } });
    expect(await refusal(make({ hotscore: 80 }))).toMatchObject({
      code: 'unknown_variable',
      path: 'variables.hotscore',
      hint: expect.stringContaining('hotScore'),
    });
  });

  it('stays a draft when asked to, and its draft is published later', async () => {
    const { client, organizationId, id } = await signUp();
    const service = new WorkflowService(client);
    const draft = await service.createFromTemplate('lead-scoring-automation', organizationId, id, {
      draft: true,
    });
    expect(draft).toMatchObject({ status: 'draft', active_version: null });
    expect(await refusal(service.executeWorkflow(draft.id))).toMatchObject({ code: 'workflow_not_active' });
    expect(await refusal(service.resumeWorkflow(draft.id))).toMatchObject({ code: 'workflow_not_active' });
    await service.publishWorkflow({ workflowId: draft.id });
    expect(await service.getWorkflow(draft.id)).toMatchObject({ status: 'active', draft: null });
    expect(await refusal(service.publishWorkflow({ workflowId: draft.id }))).toMatchObject({
      code: 'no_draft',
    });
  });

  it('runs as the user it was made for when it is made with the service key', async () => {
    const { organizationId, id } = await signUp();
    const service = new WorkflowService(serviceClient());
    const workflow = await service.createFromTemplate('lead-scoring-automation', organizationId, id);
    expect(workflow.created_by).toBe(id);
    expect((await service.listVersions(workflow.id))[0]?.run_as).toBe(id);
    const [owner, other] = [await signUp(), await signUpUser()];
    const own = new WorkflowService(owner.client);
    const made = await own.createFromTemplate('lead-scoring-automation', owner.organizationId, other.id);
    expect((await own.listVersions(made.id))[0]?.run_as).toBe(owner.id);
  });

  it('is not made from a template there is not, and the hint names those there are', async () => {
    const { client, organizationId, id } = await signUp();
    const made = new WorkflowService(client).createFromTemplate('nope', organizationId, id);
    expect(await refusal(made)).toMatchObject({
      code: 'unknown_template',
      hint: expect.stringContaining('lead-scoring-automation'),
    });
  });
});

describe('the environment', () => {
  const names = [
    'NEXT_PUBLIC_SUPABASE_URL',
    'NEXT_PUBLIC_SUPABASE_ANON_KEY',
    'SUPABASE_URL',
    'SUPABASE_PUBLISHABLE_KEY',
    'SUPABASE_ANON_KEY',
  ] as const;
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const set = (values: Record<string, string | undefined>) => {
    for (const name of names) {
      if (values[name] === undefined) delete process.env[name];
      else process.env[name] = values[name];
    }
  };
  afterEach(() => set(before));

  it.each([
    ['NEXT_PUBLIC_SUPABASE_URL', 'NEXT_PUBLIC_SUPABASE_ANON_KEY'],
    ['SUPABASE_URL', 'SUPABASE_PUBLISHABLE_KEY'],
  ])('gives a service without a client its project: %s and %s', async (url, key) => {
    set({ [url]: platform.api_url, [key]: platform.publishable_key });
    // Node 20 has no WebSocket of its own.
    const socket = globalThis.WebSocket;
    globalThis.WebSocket = (await import('ws')).WebSocket as never;
    try {
      const service = new WorkflowService();
      expect(await refusal(service.listWorkflows())).toMatchObject({
        code: 'not_allowed',
        hint: expect.stringContaining('Sign in'),
      });
      const { email, password } = await signUpUser();
      await service.supabase.auth.signInWithPassword({ email, password });
      expect(await service.listWorkflows()).toEqual({ items: [], next: null });
    } finally {
      globalThis.WebSocket = socket;
    }
  });

  it('says what is missing where it names no project', () => {
    set({ SUPABASE_URL: platform.api_url });
    expect(() => new WorkflowService()).toThrow(
      expect.objectContaining({ code: 'client_not_configured', message: expect.stringContaining('no key') }),
    );
  });
});

describe('an execution', () => {
  it('started again with its idempotency key is the first one', async () => {
    const { service, workflowId } = await setUp();
    const options = { idempotencyKey: 'order-1', priority: 5 };
    const first = await service.executeWorkflow(workflowId, { n: 1 }, options);
    const second = await service.executeWorkflow(workflowId, { n: 2 }, options);
    expect(second.id).toBe(first.id);
    expect(second).toMatchObject({ input: { n: 1 }, priority: 5, idempotency_key: 'order-1' });
  });

  it('is watched to its end, and read with its step runs', async () => {
    const { service, workflowId } = await setUp();
    const { id } = await service.executeWorkflow(workflowId, { n: 1 });
    const watch = service.watchExecution(id, () => {});
    expect(stepOf(await watch.finished, 'one').output).toEqual({ n: 1 });
    await watch.stop();
    expect(await service.getExecution(id)).toMatchObject({
      status: 'succeeded',
      steps: [{ step_id: 'one', status: 'succeeded' }],
    });
  });

  it('is cancelled, cancelled again without harm, and repeated', async () => {
    const { service, workflowId } = await setUp([{ id: 'wait', type: 'delay', for: '1d' }]);
    const { id } = await service.executeWorkflow(workflowId);
    expect(await service.cancelExecution(id)).toMatchObject({ status: 'cancelled' });
    expect(await service.cancelExecution(id)).toMatchObject({ status: 'cancelled' });
    const again = await service.retryExecution(id);
    expect(await service.getExecution(again)).toMatchObject({ retry_of: id });
  });

  it('that has ended cannot be cancelled, and one of others is not found', async () => {
    const { service, workflowId } = await setUp();
    const { id } = await service.executeWorkflow(workflowId);
    const watch = service.watchExecution(id, () => {});
    await watch.finished;
    await watch.stop();
    expect(await refusal(service.cancelExecution(id))).toMatchObject({
      code: 'execution_ended',
      hint: expect.stringContaining('retry'),
    });
    const stranger = new WorkflowService((await signUpUser()).client);
    expect(await refusal(stranger.getExecution(id))).toMatchObject({ code: 'execution_not_found' });
    expect(await refusal(stranger.cancelExecution(id))).toMatchObject({ code: 'execution_not_found' });
    expect(await refusal(stranger.executeWorkflow(workflowId))).toMatchObject({
      code: 'workflow_not_found',
      hint: expect.stringContaining('member'),
    });
  });

  it('may be cancelled and started by editors, and viewers are told so', async () => {
    const { service, workflowId, organizationId } = await setUp([{ id: 'wait', type: 'delay', for: '1d' }]);
    const { id } = await service.executeWorkflow(workflowId);
    const user = await signUpUser();
    await addMember(organizationId, user.id, 'viewer');
    const viewer = new WorkflowService(user.client);
    const refused = [
      refusal(viewer.cancelExecution(id)),
      refusal(viewer.executeWorkflow(workflowId)),
      refusal(viewer.pauseWorkflow(workflowId)),
    ];
    const expected = { code: 'not_allowed', hint: expect.stringContaining('editor') };
    expect(await Promise.all(refused)).toMatchObject([expected, expected, expected]);
  });
});

describe('lists', () => {
  it('of executions come in pages, newest first, none twice and none left out', async () => {
    const { service, workflowId, organizationId } = await setUp();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await service.executeWorkflow(workflowId, { n })).id);
    const first = await service.listExecutions({ organizationId, limit: 2 });
    const added = await service.executeWorkflow(workflowId);
    const second = await service.listExecutions({ organizationId, limit: 2, after: first.next ?? '' });
    const third = await service.listExecutions({ organizationId, limit: 2, after: second.next ?? '' });
    expect([first, second, third].flatMap(({ items }) => items.map(({ id }) => id))).toEqual(ids);
    expect(third.next).toBeNull();
    expect((await service.listExecutions({ workflowId })).items[0]?.id).toBe(added.id);
  });

  it('of executions are narrowed by status, workflow, trigger and time', async () => {
    const { service, workflowId, organizationId } = await setUp([{ id: 'wait', type: 'delay', for: '1d' }]);
    const open = await service.executeWorkflow(workflowId);
    const ended = await service.executeWorkflow(workflowId);
    await service.cancelExecution(ended.id);
    const ids = async (filter: object) =>
      (await service.listExecutions({ organizationId, ...filter })).items.map(({ id }) => id);
    expect(await ids({ status: 'cancelled' })).toEqual([ended.id]);
    expect(await ids({ status: ['queued', 'running', 'waiting'] })).toEqual([open.id]);
    expect(await ids({ workflowId: randomUUID() })).toEqual([]);
    expect(await ids({ trigger: 'manual', mode: 'live' })).toEqual([ended.id, open.id]);
    expect(await ids({ trigger: 'event' })).toEqual([]);
    expect(await ids({ since: ended.created_at })).toEqual([ended.id]);
    expect(await ids({ until: new Date(Date.parse(ended.created_at)) })).toEqual([open.id]);
  });

  it('of workflows are narrowed by organisation, status and template', async () => {
    const { service, workflowId, organizationId, id } = await setUp();
    const lead = await service.createFromTemplate('lead-scoring-automation', organizationId, id);
    await service.archiveWorkflow(workflowId);
    const ids = async (filter: object) =>
      (await service.listWorkflows({ organizationId, ...filter })).items.map((workflow) => workflow.id);
    expect(await ids({})).toEqual([lead.id, workflowId]);
    expect(await ids({ status: 'archived' })).toEqual([workflowId]);
    expect(await ids({ templateId: 'lead-scoring-automation', category: 'sales' })).toEqual([lead.id]);
  });
});

describe('a workflow', () => {
  it('is paused, resumed and archived', async () => {
    const { service, workflowId } = await setUp();
    expect(await service.pauseWorkflow(workflowId)).toMatchObject({ status: 'paused' });
    expect(await service.resumeWorkflow(workflowId)).toMatchObject({ status: 'active' });
    expect(await service.archiveWorkflow(workflowId)).toMatchObject({ status: 'archived' });
    expect(await refusal(service.executeWorkflow(workflowId))).toMatchObject({ code: 'workflow_not_active' });
    expect(await refusal(service.pauseWorkflow(randomUUID()))).toMatchObject({ code: 'workflow_not_found' });
  });

  it('goes back to an earlier version, and not to one it never had', async () => {
    const { service, workflowId } = await setUp();
    const { version } = await service.publishWorkflow({
      workflowId,
      definition: definition([{ ...transform, id: 'two' }]),
    });
    expect(version).toBe(2);
    expect(await service.rollbackWorkflow(workflowId, 1)).toMatchObject({ active_version: 1 });
    expect((await service.listVersions(workflowId)).map((one) => one.version)).toEqual([2, 1]);
    expect(await refusal(service.rollbackWorkflow(workflowId, 9))).toMatchObject({ code: 'unknown_version' });
  });

  it('refuses a draft that was made from an older one', async () => {
    const { service, workflowId } = await setUp();
    const { draft_revision: revision } = await service.getWorkflow(workflowId);
    const saved = await service.saveDraft(workflowId, definition(), revision);
    expect(saved.draft_revision).toBe(revision + 1);
    expect(await refusal(service.saveDraft(workflowId, definition([]), revision))).toMatchObject({
      code: 'stale_draft',
      hint: expect.stringContaining('steps'),
    });
  });

  it('is not published with faults: all are listed, and nothing is written', async () => {
    const { service, organizationId } = await setUp();
    const faulty = definition([
      { ...transform, when: 'steps.nope.output' },
      { id: 'x', type: 'nope' },
    ]);
    const refused = await service
      .publishWorkflow({ organizationId, definition: faulty })
      .catch((error) => error);
    expect(refused).toMatchObject({
      code: 'invalid_definition',
      path: expect.any(String),
      hint: expect.any(String),
    });
    expect(refused).toBeInstanceOf(WorkflowError);
    expect((await service.listWorkflows({ organizationId })).items).toHaveLength(1);
  });

  it('stays a draft when the database refuses its first version', async () => {
    const { service, organizationId } = await setUp();
    const trigger = { type: 'event', table: 'nowhere', events: ['insert'] };
    const published = service.publishWorkflow({
      organizationId,
      definition: definition([transform], { trigger, name: 'Kept' }),
    });
    expect(await refusal(published)).toMatchObject({ code: 'unknown_table' });
    const { items } = await service.listWorkflows({ organizationId, status: 'draft' });
    expect(items).toMatchObject([{ name: 'Kept', draft: { trigger } }]);
  });
});

describe('a schedule', () => {
  it('is made, listed, moved, paused and deleted', async () => {
    const { service, workflowId, organizationId } = await setUp();
    const made = await service.scheduleWorkflow(workflowId, {
      name: 'Digest',
      cron: '0 9 * * MON-FRI',
      timezone: 'Europe/Berlin',
      input: { list: 'leads' },
      overlapPolicy: 'skip',
    });
    expect(made).toMatchObject({
      workflow_id: workflowId,
      organization_id: organizationId,
      input: { list: 'leads' },
      overlap_policy: 'skip',
      missed_policy: 'once',
    });
    const [next] = await service.nextRuns('0 9 * * MON-FRI', 'Europe/Berlin', 3);
    expect(next).toEqual(new Date(made.next_run_at ?? ''));
    expect((await service.listSchedules({ workflowId })).items.map(({ id }) => id)).toEqual([made.id]);
    const moved = await service.updateSchedule(made.id, { every: '15 minutes' });
    expect(moved).toMatchObject({ cron: null, name: 'Digest', enabled: true });
    expect(await service.updateSchedule(made.id, { enabled: false })).toMatchObject({
      next_run_at: null,
      every: moved.every,
    });
    await service.deleteSchedule(made.id);
    expect((await service.listSchedules({ organizationId })).items).toEqual([]);
    expect(await refusal(service.deleteSchedule(made.id))).toMatchObject({ code: 'schedule_not_found' });
  });

  it('is refused with two times, a wrong cron or a moment that is over', async () => {
    const { service, workflowId } = await setUp();
    const at = new Date(Date.now() + 3_600_000);
    const made = (time: object) => refusal(service.scheduleWorkflow(workflowId, time));
    expect(await made({ at, cron: '* * * * *' })).toMatchObject({ code: 'invalid_schedule' });
    expect(await made({ cron: '61 * * * *' })).toMatchObject({ code: 'invalid_cron' });
    expect(await made({ at: new Date(0) })).toMatchObject({ code: 'schedule_over' });
    expect(await service.scheduleWorkflow(workflowId, { at })).toMatchObject({ enabled: true });
  });
});

describe('an approval', () => {
  it('is listed to whoever is asked, and decided', async () => {
    const approver = await signUpUser();
    const { service, workflowId, organizationId } = await setUp([
      { id: 'ask', type: 'approval', approvers: [approver.id, 'role:admin'], title: 'Go on?' },
    ]);
    const { id } = await service.executeWorkflow(workflowId);
    const mine = new WorkflowService(approver.client);
    await expect
      .poll(async () => (await mine.listApprovals({ approverId: approver.id })).items, { timeout: 15_000 })
      .toMatchObject([{ execution_id: id, title: 'Go on?', status: 'pending' }]);
    const [request] = (await mine.listApprovals()).items;
    const requestId = request?.id ?? '';
    const listed = async (filter: object) =>
      (await service.listApprovals({ organizationId, ...filter })).items.length;
    expect(await listed({ approverRole: 'owner' })).toBe(1);
    expect(await listed({ approverRole: 'editor' })).toBe(0);
    expect(await listed({ approverRole: 'editor', approverId: approver.id })).toBe(1);
    expect(await refusal(service.decideApproval(requestId, { decision: 'approve' }))).toMatchObject({
      code: 'requester_may_not_decide',
    });
    const decided = await mine.decideApproval(requestId, { decision: 'approve', comment: 'Fine.' });
    expect(decided).toMatchObject({ user_id: approver.id, comment: 'Fine.', via: 'session' });
    expect(await refusal(mine.decideApproval(requestId, { decision: 'reject' }))).toMatchObject({
      code: 'already_decided',
    });
    expect(await listed({})).toBe(0);
    expect(await listed({ status: 'approved', executionId: id })).toBe(1);
  });
});

describe('a secret', () => {
  it('is stored, listed without its value, changed and deleted', async () => {
    const { service, organizationId } = await setUp();
    const inVault = async () => {
      const [row] = await sql`select workflow.secret_value(${organizationId}, 'CRM_KEY') as value`;
      return row?.value;
    };
    await service.setSecret(organizationId, 'CRM_KEY', 'one', { allowedHosts: ['crm.example.com'] });
    expect(await inVault()).toBe('one');
    await service.setSecret(organizationId, 'CRM_KEY', 'two');
    expect(await inVault()).toBe('two');
    const listed = await service.listSecrets(organizationId);
    expect(listed).toMatchObject([{ name: 'CRM_KEY', allowed_hosts: ['crm.example.com'] }]);
    expect(JSON.stringify(listed)).not.toContain('two');
    await service.deleteSecret(organizationId, 'CRM_KEY');
    expect(await service.listSecrets(organizationId)).toEqual([]);
    expect(await refusal(service.deleteSecret(organizationId, 'CRM_KEY'))).toMatchObject({
      code: 'secret_not_found',
    });
  });

  it('is kept by admins, and editors are told so', async () => {
    const { service, organizationId } = await setUp();
    await service.setSecret(organizationId, 'CRM_KEY', 'one');
    const editor = await signUpUser();
    await addMember(organizationId, editor.id, 'editor');
    const theirs = new WorkflowService(editor.client);
    expect(await theirs.listSecrets(organizationId)).toHaveLength(1);
    expect(await refusal(theirs.setSecret(organizationId, 'CRM_KEY', 'two'))).toMatchObject({
      code: 'not_an_admin',
    });
    expect(await refusal(theirs.deleteSecret(organizationId, 'CRM_KEY'))).toMatchObject({
      code: 'not_allowed',
    });
    expect(await refusal(service.setSecret(organizationId, 'OTHER', ''))).toMatchObject({
      code: 'empty_secret',
    });
  });
});

it('an API that cannot be reached is an error with a hint', async () => {
  const { createClient } = await import('@supabase/supabase-js');
  const { WebSocket } = await import('ws');
  const service = new WorkflowService(
    createClient('http://127.0.0.1:1', 'key', { realtime: { transport: WebSocket as never } }),
  );
  expect(await refusal(service.executeWorkflow(randomUUID()))).toMatchObject({
    code: 'api_unreachable',
    hint: expect.stringContaining('URL'),
  });
});
