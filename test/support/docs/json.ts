import { actionCatalog } from '../../../shared/actions/registry.ts';
import { compile } from '../../../shared/definition/index.ts';

const triggers = new Set(['manual', 'event', 'schedule', 'webhook']);
const aStep = { id: 'say', type: 'transform', output: 1 };

/**
 * Reads a block of JSON; a definition, or the trigger of one, has to compile.
 *
 * @returns the definition, if it is a whole one
 * @throws when it cannot be read, or has faults
 */
export function readJson(code: string): Record<string, unknown> | undefined {
  const value = JSON.parse(code);
  if (value.trigger && value.steps) {
    check(value);
    return value;
  }
  if (triggers.has(value.type)) check({ name: 'Trigger', trigger: value, steps: [aStep] });
  return undefined;
}

function check(definition: unknown): void {
  const compiled = compile(definition, { actions: actionCatalog });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors, null, 2));
}
