import { z } from 'zod';

/** What the API takes and gives, each under a name in the OpenAPI document. Fields are columns of the tables. */
export const components = z.registry<{ id: string; description: string }>();

const name = <T extends z.ZodType>(schema: T, id: string, description: string): T => {
  components.add(schema, { id, description });
  return schema;
};

const id = z.uuid();
const time = z.iso.datetime({ offset: true });
const json = z.unknown();
const count = z.int().min(0);

export const problemSchema = name(
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; docs/errors.md lists them.'),
    detail: z.string(),
    hint: z.string().optional().describe('The next thing to do.'),
    errors: z
      .array(
        z.looseObject({
          path: z.string(),
          message: z.string(),
          code: z.string().optional(),
          hint: z.string().optional(),
        }),
      )
      .optional()
      .describe('Everything that is wrong, with its path.'),
  }),
  'Problem',
  'What is wrong (RFC 9457).',
);

export const executionSchema = name(
  z.object({
    id,
    workflow_id: id,
    workflow_version: z.int(),
    organization_id: id,
    status: z.enum(['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled']),
    mode: z.enum(['live', 'test']),
    trigger: json,
    input: json,
    output: json,
    error: json,
    idempotency_key: z.string().nullable(),
    priority: z.int(),
    steps_done: count,
    retry_of: id.nullable(),
    retry_from: z.string().nullable(),
    caused_by: id.nullable(),
    revision: z.int(),
    created_by: id.nullable(),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
  }),
  'Execution',
  'One run of a workflow.',
);

export const stepRunSchema = name(
  z.object({
    id,
    execution_id: id,
    path: z.string(),
    step_id: z.string(),
    scope_id: id,
    iteration: count,
    type: z.string(),
    status: z.enum(['queued', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled']),
    handled: z.boolean(),
    attempt: z.int(),
    input: json,
    output: json,
    error: json,
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
  }),
  'StepRun',
  'One run of a step.',
);

export const workflowSchema = name(
  z.object({
    id,
    organization_id: id,
    name: z.string(),
    description: z.string().nullable(),
    category: z.string().nullable(),
    status: z.enum(['draft', 'active', 'paused', 'archived']),
    active_version: z.int().nullable(),
    min_role: z.string(),
    created_at: time,
    updated_at: time,
  }),
  'Workflow',
  'A workflow.',
);

export const approvalSchema = name(
  z.object({
    id,
    execution_id: id,
    organization_id: id,
    title: z.string(),
    details: json,
    approver_ids: z.array(id),
    approver_roles: z.array(z.string()),
    quorum: z.int(),
    status: z.enum(['pending', 'approved', 'rejected', 'expired', 'cancelled']),
    due_at: time,
    created_at: time,
    decided_at: time.nullable(),
  }),
  'Approval',
  'An approval that was asked for.',
);

export const decisionSchema = name(
  z.object({
    id,
    request_id: id,
    user_id: id,
    decision: z.enum(['approve', 'reject', 'delegate']),
    delegate_to: id.nullable(),
    comment: z.string().nullable(),
    created_at: time,
  }),
  'Decision',
  'What somebody decided.',
);

export const publishedSchema = name(
  z.object({ workflow_id: id, version: z.int().min(1) }),
  'Published',
  'A version that was published.',
);

const page = <T extends z.ZodType>(item: T, of: string) =>
  name(
    z.object({
      data: z.array(item),
      next: id.nullable().describe('`after` of the next page; null at the end.'),
    }),
    `${of}Page`,
    'A page of a list.',
  );

export const executionPage = page(executionSchema, 'Execution');
export const stepRunPage = page(stepRunSchema, 'StepRun');
export const workflowPage = page(workflowSchema, 'Workflow');
export const approvalPage = page(approvalSchema, 'Approval');

export const startBody = name(
  z.strictObject({
    input: json.default({}).describe('What `inputs` of the definition asks for.'),
    priority: z.int().min(-100).max(100).default(0).describe('Higher ones start first.'),
  }),
  'Start',
  'How to start a workflow.',
);

export const retryBody = name(
  z.strictObject({
    from: z
      .string()
      .min(1)
      .optional()
      .describe('A top-level step, or `@failed` for the first that did not end well; the start by default.'),
    input: json.optional().describe("In place of the first execution's input."),
    version: z.enum(['active', 'same']).default('active'),
  }),
  'Retry',
  'How to repeat an execution.',
);

/** Checked by the compiler, whose errors are better; the OpenAPI document has its published schema here. */
export const definitionSchema = z.looseObject({});

export const newWorkflowBody = name(
  z.strictObject({
    organization_id: id,
    definition: definitionSchema,
    category: z.string().min(1).optional(),
  }),
  'NewWorkflow',
  'A workflow to publish.',
);

export const newVersionBody = name(
  z.strictObject({ definition: definitionSchema }),
  'NewVersion',
  'A version to publish.',
);

export const decisionBody = name(
  z.strictObject({
    decision: z.enum(['approve', 'reject', 'delegate']),
    comment: z.string().max(10_000).optional(),
    delegate_to: id.optional().describe('The user who decides instead; with `delegate`.'),
  }),
  'NewDecision',
  'A decision.',
);
