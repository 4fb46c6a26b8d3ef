import { type ZodType, z } from 'zod';
import { wrapperOf } from '../../expression/evaluate.ts';
import { ExpressionError } from '../../expression/index.ts';
import { isObject } from '../../expression/json.ts';
import { compileLiquid, isLiquid } from '../../expression/liquid.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { issueErrors } from '../issues.ts';
import { suggest } from '../nearest.ts';
import type { ExpressionField } from './expressions.ts';
import type { RawStep } from './scope.ts';

/** What the compiler asks of the actions. */
export interface ActionCatalog {
  get(
    name: string,
  ):
    | { kind: 'database' | 'external' | 'pure'; waits?: boolean; params: ZodType; result?: ZodType }
    | undefined;
  names(): string[];
}

/**
 * Names of the params that reach their handler as unrendered Liquid: those whose schema carries
 * `.meta({ template: true })`.
 */
export function templateParams(schema: ZodType): ReadonlySet<string> {
  const names = new Set<string>();
  if (!(schema instanceof z.ZodObject)) return names;
  for (const [name, field] of Object.entries(schema.shape)) if (isTemplate(field)) names.add(name);
  return names;
}

function isTemplate(schema: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(schema)?.template === true) return true;
  const inner = (schema as { _zod: { def: { innerType?: z.core.$ZodType } } })._zod.def.innerType;
  return inner !== undefined && isTemplate(inner);
}

/** Checks an action's name and its params, as far as they are literal; returns the fields that hold expressions. */
export function checkAction(
  step: RawStep,
  at: string,
  actions: ActionCatalog,
  problems: Problems,
): ExpressionField[] {
  const params = step.params ?? {};
  const place = joinPath(at, 'params');
  const action = typeof step.action === 'string' ? actions.get(step.action) : undefined;
  if (typeof step.action === 'string' && !action) {
    const hint = suggest(step.action, actions.names(), 'action');
    problems.error('unknown_action', joinPath(at, 'action'), `There is no action "${step.action}"`, hint);
  }
  if (!isObject(params)) return [];
  const templates = action ? templateParams(action.params) : new Set<string>();
  if (action) checkLiterals(params, action.params, { at: place, code: 'invalid_params' }, problems);
  const fields: ExpressionField[] = [];
  for (const [name, value] of Object.entries(params)) {
    const field = joinPath(place, name);
    if (templates.has(name) && typeof value === 'string') checkTemplate(value, field, problems);
    else fields.push({ value, at: field, kind: 'json', secrets: 'unfilled' });
  }
  return fields;
}

// A template's roots are known to its handler alone, so only its syntax is checked.
function checkTemplate(source: string, at: string, problems: Problems): void {
  try {
    if (isLiquid(source)) compileLiquid(source);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    problems.error(error.code, at, error.message, error.hint ?? 'See https://liquidjs.com.');
  }
}

/** Checks JSON against a schema wherever no expression could still make it right. */
export function checkLiterals(
  params: object,
  schema: ZodType,
  { at, code }: { at: string; code: string },
  problems: Problems,
): void {
  const expressions: PropertyKey[][] = [];
  const literal = unwrapRaw(params, [], expressions);
  const result = schema.safeParse(literal);
  if (result.success) return;
  for (const issue of result.error.issues) {
    // An expression at, above or below the place may make it right; a key nobody knows stays wrong.
    const open = expressions.some((path) =>
      path.every((key, i) => i >= issue.path.length || key === issue.path[i]),
    );
    if (open && issue.code !== 'unrecognized_keys') continue;
    for (const error of issueErrors(issue, literal, at))
      problems.error(code, error.path, error.message, error.hint);
  }
}

function unwrapRaw(value: unknown, path: PropertyKey[], expressions: PropertyKey[][]): unknown {
  if (typeof value === 'string') {
    if (isLiquid(value)) expressions.push(path);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, i) => unwrapRaw(item, [...path, i], expressions));
  if (!isObject(value)) return value;
  const wrapper = wrapperOf(value);
  if (wrapper === '$raw') return value.$raw;
  if (wrapper !== undefined) {
    expressions.push(path);
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unwrapRaw(item, [...path, key], expressions)]),
  );
}
