import { z } from 'zod';
import type { Step } from '../types.ts';
import {
  anyJson,
  celValue,
  condition,
  duration,
  jsonObject,
  LIMITS,
  retry,
  stepId,
  stepList,
  text,
} from './fields.ts';

const steps = stepList(() => step);

const base = {
  id: stepId,
  name: z.string().min(1).max(200).optional().describe('What people see instead of the id.'),
  when: condition.optional().describe('False skips the step.'),
  timeout: duration
    .optional()
    .describe('On containers and approvals a timer, elsewhere the time one attempt may take.'),
  onError: z
    .union([z.enum(['fail', 'continue']), steps])
    .default('fail')
    .describe('Fail, continue with the next step, or run these steps, which see `error`.'),
};

const channel = z.enum(['email', 'sms', 'push', 'slack', 'log']);

const action = z.strictObject({
  ...base,
  type: z.literal('action'),
  action: z.string().min(1).describe('Name of the action.'),
  params: jsonObject.default({}).describe('Parameters of the action; may hold expressions.'),
  retry: retry.optional(),
});

const condition_ = z.strictObject({
  ...base,
  type: z.literal('condition'),
  if: condition,
  then: steps.default([]),
  else: steps.default([]),
});

const notification = z.strictObject({
  ...base,
  type: z.literal('notification'),
  channel,
  to: anyJson.optional().describe('Address, number, user id or channel, or a list of them.'),
  template: z.string().min(1).optional().describe('Id of a notification template; or subject and body.'),
  locale: anyJson.optional().describe("Language of the template, such as de; the organisation's by default."),
  subject: anyJson.optional(),
  body: anyJson.optional(),
  data: jsonObject.default({}).describe('What the template is filled with.'),
  retry: retry.optional(),
});

const delay = z.strictObject({
  ...base,
  type: z.literal('delay'),
  for: text.optional().describe('A duration such as 15m or 3d.'),
  until: text.optional().describe('A timestamp.'),
});

const loop = z.strictObject({
  ...base,
  type: z.literal('loop'),
  items: z
    .union([z.string().min(1), celValue, z.array(z.json())])
    .describe('CEL that gives a list, or a list.'),
  as: stepId.default('item').describe('What the steps call the current item.'),
  steps,
  concurrency: z.int().min(1).max(100).default(1).describe('Iterations that run at a time.'),
  maxItems: z.int().min(1).max(100_000).default(1000),
  continueOnError: z
    .boolean()
    .default(false)
    .describe('Whether a failed iteration leaves the others running.'),
  collect: z.boolean().default(true).describe('Whether the output holds the output of each iteration.'),
});

const parallel = z.strictObject({
  ...base,
  type: z.literal('parallel'),
  branches: z.record(stepId, steps),
  wait: z
    .union([z.enum(['all', 'any']), z.strictObject({ count: z.int().min(1).max(LIMITS.branches) })])
    .default('all')
    .describe('How many branches have to succeed.'),
});

const http = z.strictObject({
  ...base,
  type: z.literal('http'),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']).default('GET'),
  url: text,
  query: jsonObject.optional(),
  headers: jsonObject.optional(),
  body: anyJson.optional(),
  expect: z
    .array(z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)]))
    .min(1)
    .default(['2xx'])
    .describe('Status codes and classes that count as success.'),
  retry: retry.optional(),
});

const transform = z.strictObject({ ...base, type: z.literal('transform'), output: anyJson });

const approval = z.strictObject({
  ...base,
  type: z.literal('approval'),
  approvers: z
    .union([celValue, z.array(text).min(1).max(50)])
    .describe('User ids, e-mail addresses, or roles such as "role:admin".'),
  title: text,
  details: anyJson.optional(),
  quorum: z.int().min(1).max(50).default(1).describe('Approvals needed; one rejection rejects.'),
  allowRequester: z.boolean().default(false).describe('Whether who started the execution may decide.'),
  onTimeout: z.enum(['approve', 'reject', 'fail']).default('fail'),
  channel: channel.optional().describe('Over what the approvers are told; without it they are not.'),
  reminders: z
    .array(duration)
    .max(20)
    .default([])
    .describe('How long after the request those who have not decided are reminded.'),
  approved: steps.default([]),
  rejected: steps.default([]),
});

const OPTIONS = [action, condition_, notification, delay, loop, parallel, http, transform, approval] as const;

/** Names of all step types. */
export const STEP_TYPES: string[] = OPTIONS.map((option) => option.shape.type.value);

export const step: z.ZodType<Step> = z
  .discriminatedUnion('type', OPTIONS)
  .meta({ id: 'Step' }) as unknown as z.ZodType<Step>;

export { steps };
