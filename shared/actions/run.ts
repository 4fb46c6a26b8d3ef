import type { z } from 'zod';
import { type Json, StepError } from '../errors.ts';
import { getAction } from './registry.ts';
import type { ActionContext } from './types.ts';

type Issue = z.core.$ZodIssue;

/**
 * Runs an action: checks its parameters, calls the handler, and makes sure the result is JSON.
 *
 * @throws StepError `unknown_action`, `invalid_params`, `invalid_result`, and whatever the action throws
 */
export async function runAction(name: string, params: Json, context: ActionContext): Promise<Json> {
  const action = getAction(name);
  const given = action.params.safeParse(params ?? {});
  if (!given.success) throw invalidParams(name, given.error.issues);
  const result = await action.run(given.data, context);
  const json = toJson(name, result);
  const checked = action.result.safeParse(json);
  if (checked.success) return json;
  throw new StepError({
    code: 'invalid_result',
    message: `Action ${name} gave a result that its schema does not allow: ${sentence(checked.error.issues)}`,
    hint: 'This is a mistake in the action, not in the workflow.',
  });
}

function invalidParams(name: string, issues: readonly Issue[]): StepError {
  const first = deepest(issues);
  return new StepError({
    code: 'invalid_params',
    message: `Action ${name}: ${sentence(issues)}`,
    hint: `See the parameters of ${name} in docs/actions.md.`,
    path: pathOf(first?.path ?? []),
  });
}

function sentence(issues: readonly Issue[]): string {
  return issues
    .map((issue) => deepest([issue]) ?? issue)
    .map((issue) => `${pathOf(issue.path)}: ${issue.message}`)
    .join('; ');
}

/** Of a union's branches the one that got furthest: the one the author most likely meant. */
function deepest(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): Issue | undefined {
  return issues
    .flatMap((issue): Issue[] => {
      const path = [...prefix, ...issue.path];
      const branches =
        issue.code === 'invalid_union' ? issue.errors.filter((branch) => !isOtherShape(branch)) : [];
      const inner = branches.map((branch) => deepest(branch, path)).filter((found) => found !== undefined);
      return inner.length > 0 ? inner : [{ ...issue, path }];
    })
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** A branch that already fails by its keys was not meant. */
function isOtherShape(branch: readonly Issue[]): boolean {
  return branch.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'params',
  );
}

function toJson(name: string, value: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(value ?? null)) as Json;
  } catch {
    throw new StepError({
      code: 'invalid_result',
      message: `Action ${name} gave a result that is not JSON.`,
      hint: 'Return plain objects, lists, text, numbers, booleans and null.',
    });
  }
}
