import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { workflowJsonSchema } from '../../../shared/definition/index.ts';

// Every field of a definition has a test that runs it on the engine.

interface Schema {
  properties: Record<string, Schema & { const?: string; oneOf?: Schema[] }>;
  oneOf?: Schema[];
}

const common = ['id', 'type', 'name', 'when', 'timeout', 'onError'];
const withTimer = ['condition', 'loop', 'parallel', 'approval'];

/** Every field, as `loop.items`, from the schema itself. */
function fieldsOfSchema(): string[] {
  const schema = workflowJsonSchema() as unknown as Schema & { $defs: Record<string, Schema> };
  const fields = Object.keys(schema.properties).map((name) => `workflow.${name}`);
  for (const { properties } of schema.properties.trigger?.oneOf ?? []) {
    const kind = properties.type?.const;
    fields.push(...Object.keys(properties).map((name) => `${kind}.${name}`));
    fields.push(...Object.keys(properties.hmac?.properties ?? {}).map((name) => `hmac.${name}`));
  }
  fields.push(...common.map((name) => `step.${name}`), ...withTimer.map((type) => `${type}.timeout`));
  for (const { properties } of schema.$defs.Step?.oneOf ?? []) {
    const own = Object.keys(properties).filter((name) => !common.includes(name));
    fields.push(...own.map((name) => `${properties.type?.const}.${name}`));
    fields.push(...Object.keys(properties.retry?.properties ?? {}).map((name) => `retry.${name}`));
  }
  return [...new Set(fields)].sort();
}

const tests = readdirSync('test', { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));
const sourcesOf = (file: string) =>
  tests.filter((path) => basename(path) === file).map((path) => readFileSync(path, 'utf8'));

/** Fields whose test stands in its title, such as 'loop.items, loop.as: …'. */
const named = ['fields.test.ts', 'container-fields.test.ts']
  .map((file) => readFileSync(join('test/database/worker', file), 'utf8'))
  .flatMap((source) => [...source.matchAll(/'((?:[a-z]+\.[$\w]+(?:, )?)+): /g)])
  .flatMap(([, list = '']) => list.split(', '));

const rows = 'events.test.ts';
const trigger = 'schedules.test.ts: becomes a schedule of its workflow, and starts it';
const signature = 'webhooks.test.ts: that is right lets the request in';

/** Fields whose test stands elsewhere. */
const elsewhere: Record<string, string> = {
  'workflow.inputs':
    'inputs.test.ts: does not fit is refused with everything that is wrong, and leaves nothing',
  'event.type': `${rows}: start the workflows of their own organisation, and no other`,
  'event.table': `${rows}: start the workflows of their own organisation, and no other`,
  'event.events': `${rows}: that are deleted bring the old record`,
  'event.columns': `${rows}: start only when one of the named columns has changed`,
  'event.filter': `${rows}: are filtered by the rule tree, with the variables of the workflow`,
  'event.allowSelf': `${rows}: written by a workflow do not start it again, unless it allows that`,
  'schedule.type': trigger,
  'schedule.cron': trigger,
  'schedule.timezone': trigger,
  'schedule.at': 'schedules.test.ts: may be %j',
  'schedule.every': 'schedules.test.ts: may be %j',
  'schedule.missedPolicy': trigger,
  'schedule.missedLimit': trigger,
  'schedule.overlapPolicy': trigger,
  'webhook.type':
    'webhooks.test.ts: starts the workflow, whose input is the JSON body, and answers 202 with the id of the execution',
  'webhook.headers': 'webhooks.test.ts: brings the headers that the trigger chooses into the input',
  'webhook.allowedIps': 'webhooks.test.ts: in a range that the trigger lists comes in',
  'webhook.requestsPerMinute':
    'webhooks.test.ts: more requests in a minute than the trigger allows, with the time to wait',
  'webhook.maxBytes': 'webhooks.test.ts: a body that is too long',
  'webhook.hmac': signature,
  'hmac.secret': signature,
  'hmac.header':
    'webhooks.test.ts: of the body alone, as GitHub writes it, is enough where the trigger names no time',
  'hmac.timestampHeader': signature,
  'hmac.tolerance': 'webhooks.test.ts: with a time %i seconds off is refused',
  'notification.template':
    'template.test.ts: a message is made from its template, and its row says from which',
  'notification.locale':
    "template.test.ts: the language is the step's, else the organisation's, else English",
  'notification.retry': 'deliveries.test.ts: a message that failed and may be tried again keeps its row',
};

it('every field of a definition has a test that runs it, and no other is listed', () => {
  expect([...new Set([...named, ...Object.keys(elsewhere)])].sort()).toEqual(fieldsOfSchema());
});

it.each(Object.entries(elsewhere))('%s: its test exists', (_field, reference) => {
  const [, file = '', title = ''] = /^([\w.-]+): (.+)$/.exec(reference) ?? [];
  expect(
    sourcesOf(file).some((source) => [`'${title}'`, `"${title}"`].some((quoted) => source.includes(quoted))),
    reference,
  ).toBe(true);
});
