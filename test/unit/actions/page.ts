import { z } from 'zod';
import { BUILT_IN } from '../../../shared/actions/registry.ts';
import type { ActionDefinition } from '../../../shared/actions/types.ts';
import { type Field, fieldsOf } from './schema-fields.ts';

const introduction = `# Actions

What a step of type \`action\` can do. Generated from the schemas of the actions: \`npm run docs:actions\`.

\`\`\`json
{ "id": "qualify", "type": "action", "action": "updateEntity", "params": { "entity": "leads", "id": { "$": "trigger.record.id" }, "set": { "status": "qualified" } } }
\`\`\`

Any parameter may be an [expression](definition.md). An action of kind *database* runs in the transaction that completes its step, under the
row-level security of whoever published the workflow, and sees and writes rows of its own organisation only. One of kind *external* calls out and may be
repeated, under the same key; one of kind *pure* does neither.

Every action refuses parameters that do not fit with \`invalid_params\`; those of kind *database* pass on [the database's own
refusals](errors.md#the-databases-own-refusals). What each refuses besides is listed with it and explained in [errors.md](errors.md). A result
of more than 1 MB fails the step with \`output_too_large\`: \`select\` few columns.
`;

/** docs/actions.md: every built-in action with its params, result, errors and an example. */
export function actionsPage(): string {
  const index = BUILT_IN.map(
    ({ name, kind, description }) => `| [\`${name}\`](#${name.toLowerCase()}) | ${kind} | ${description} |\n`,
  ).join('');
  const table = `| action | kind | what it does |\n|---|---|---|\n${index}`;
  return `${[introduction, table, ...BUILT_IN.map(section)].join('\n')}`;
}

function section({ name, kind, description, params, result, errors, example }: ActionDefinition): string {
  const given = z.toJSONSchema(params, { io: 'input' }) as Parameters<typeof fieldsOf>[0];
  const returned = z.toJSONSchema(result) as Parameters<typeof fieldsOf>[0];
  const refusals = (errors ?? []).map((code) => `\`${code}\``).join(', ');
  const step = { id: name, type: 'action', action: name, params: example };
  return [
    `## ${name}\n`,
    `${description} Kind *${kind}*.\n`,
    `| parameter | type | meaning |\n|---|---|---|\n${fieldsOf(given).map(parameterRow).join('')}`,
    `| result | type | meaning |\n|---|---|---|\n${fieldsOf(returned).map(resultRow).join('')}`,
    `Errors: ${refusals || 'none of its own'}.\n`,
    `\`\`\`json\n${readable(step)}\n\`\`\`\n`,
  ].join('\n');
}

function parameterRow({ path, type, optional, default: preset, description }: Field): string {
  const isList = typeof preset === 'object';
  const otherwise = preset === undefined || isList ? '' : `; \`${JSON.stringify(preset)}\` when left out`;
  return `| \`${path}\`${optional ? '' : ' (required)'} | ${type}${otherwise} | ${cell(description)} |\n`;
}

function resultRow({ path, type, optional, description }: Field): string {
  return `| \`${path}\`${optional ? ' (not always)' : ''} | ${type} | ${cell(description)} |\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** JSON as people write it: on one line what fits there. */
function readable(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || indent.length + line.length <= 110) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => readable(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${readable(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}
