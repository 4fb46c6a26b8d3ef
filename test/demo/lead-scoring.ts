import { randomUUID } from 'node:crypto';
import type { SupabaseClient } from '@supabase/supabase-js';
import { type ExecutionSnapshot, WorkflowService, watchExecution } from '../../shared/client/index.ts';
import { type DemoEnvironment, say } from './environment.ts';
import { createStepTable } from './step-table.ts';

export interface DemoResult {
  status: string;
  steps: number;
  /** From the inserted row's transaction to the first step's start. */
  trigger_to_first_step_ms: number;
  /** From the inserted row's transaction to the execution's end. */
  total_ms: number;
}

const lead = {
  first_name: 'Ada',
  last_name: 'Nwosu',
  email: 'ada.nwosu@brightline.example',
  company: 'Brightline Events',
  job_title: 'Chief Operating Officer',
  company_size: 420,
  industry: 'software',
  source: 'referral',
  email_opens: 6,
  email_clicks: 4,
  page_views: 18,
  form_submissions: 2,
};

/** Signs somebody up, installs lead scoring, inserts a lead as that person and watches what happens. */
export async function runDemo(environment: DemoEnvironment): Promise<DemoResult> {
  const supabase = environment.connect();
  const { userId, organizationId } = await signUp(supabase);
  const service = new WorkflowService(supabase);
  const templateId = 'lead-scoring-automation';
  const { id: workflowId } = await service.createFromTemplate(templateId, organizationId, userId);
  const template = service.getTemplates().find(({ id }) => id === templateId);
  say(
    `Installed the template "${template?.name}" and now insert a lead: ${lead.first_name} ${lead.last_name}, ${lead.company}\n`,
  );

  const inserted = await must(
    supabase
      .from('leads')
      .insert({ ...lead, organization_id: organizationId, last_activity_at: new Date() })
      .select('id')
      .single(),
  );
  const execution = await must(
    supabase.from('workflow_executions').select('id, created_at').eq('workflow_id', workflowId).single(),
  );
  const snapshot = await follow(supabase, execution.id);
  await checkResult(supabase, inserted.id, snapshot);
  await supabase.removeAllChannels();
  return {
    status: snapshot.execution.status,
    steps: snapshot.execution.steps_done,
    trigger_to_first_step_ms: milliseconds(execution.created_at, snapshot.steps[0]?.started_at),
    total_ms: milliseconds(execution.created_at, snapshot.execution.finished_at),
  };
}

async function signUp(supabase: SupabaseClient) {
  const email = `ada-${randomUUID().slice(0, 8)}@example.com`;
  const { data, error } = await supabase.auth.signUp({ email, password: randomUUID() });
  if (error || !data.user) throw new Error(`Signing up failed: ${error?.message}`);
  const organization = await must(
    supabase.from('organizations').insert({ name: 'Brightline demo' }).select('id').single(),
  );
  say(`Signed up ${email} with an organisation of their own`);
  return { userId: data.user.id, organizationId: organization.id };
}

async function follow(supabase: SupabaseClient, executionId: string): Promise<ExecutionSnapshot> {
  const table = createStepTable(process.stderr);
  const watch = watchExecution(supabase, executionId, table.show, {
    onError: (error) => say(`Realtime: ${error.message}`),
  });
  try {
    return await within(45_000, watch.finished, 'The execution did not finish within 45 s.');
  } finally {
    await watch.stop();
  }
}

/** The branch that was taken must show in the lead and in the deals. */
async function checkResult(
  supabase: SupabaseClient,
  leadId: string,
  { execution, steps }: ExecutionSnapshot,
) {
  if (execution.status !== 'succeeded') {
    const failed = steps.find(({ status }) => status === 'failed');
    throw new Error(`Step ${failed?.path} failed: ${JSON.stringify(failed?.error ?? execution.error)}`);
  }
  const row = await must(supabase.from('leads').select('score, status').eq('id', leadId).single());
  const deals = await must(supabase.from('deals').select('id, name').eq('lead_id', leadId));
  const dealDue = steps.some(({ path, status }) => path === 'createDeal' && status === 'succeeded');
  if (row.score === null) throw new Error('The lead has no score.');
  if (deals.length !== (dealDue ? 1 : 0))
    throw new Error(`Expected ${dealDue ? 'one deal' : 'no deal'}, found ${deals.length}.`);
  say(
    `\nIn the database: score ${row.score}, status ${row.status}, ${deals[0] ? `deal "${deals[0].name}"` : 'no deal'}`,
  );
}

async function must<T>(query: PromiseLike<{ data: T; error: { message: string } | null }>) {
  const { data, error } = await query;
  if (error || data === null || data === undefined) {
    throw new Error(error?.message ?? 'The database returned nothing.');
  }
  return data as NonNullable<T>;
}

async function within<T>(limit: number, work: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), limit);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const milliseconds = (from: string, to: string | null | undefined) =>
  to ? new Date(to).getTime() - new Date(from).getTime() : Number.NaN;
