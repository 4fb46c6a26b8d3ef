import { type ExpressionContext, evaluateCel } from './cel.ts';
import { atPath, ExpressionError } from './error.ts';
import { isObject, type Json, setOwn } from './json.ts';
import { isLiquid, renderLiquid } from './liquid.ts';
import type { OutputMode } from './liquid-engine.ts';
import { joinPath } from './paths.ts';
import type { RuleTree } from './rule-types.ts';
import { evaluateRule } from './rules.ts';

export interface EvaluateOptions {
  /** Where `value` stands in the step; errors name it. */
  path?: string;
  /** How Liquid writes values: `text` (default), or `html` with special characters escaped. */
  mode?: OutputMode;
  /** Keys of `value` whose Liquid reaches the handler unrendered. */
  templates?: ReadonlySet<string>;
}

/** The kind of wrapper an object is: `{ "$": cel }`, `{ "$raw": any }`, `{ "$secret": name }`. */
export function wrapperOf(value: object): '$' | '$raw' | '$secret' | undefined {
  const keys = Object.keys(value);
  const [key] = keys;
  return keys.length === 1 && (key === '$' || key === '$raw' || key === '$secret') ? key : undefined;
}

/**
 * Resolves every expression in a JSON value: `{ "$": cel }` keeps its type, a string with `{{ }}` becomes text,
 * `{ "$raw": x }` becomes x, `{ "$secret": name }` stays, everything else is literal.
 * @throws ExpressionError with the path of the expression that failed
 */
export function evaluate(value: Json, context: ExpressionContext, options: EvaluateOptions = {}): Json {
  const { path = '', mode = 'text', templates } = options;
  if (!templates || !isObject(value)) return resolve(value, context, path, mode);
  const result = {};
  for (const [key, item] of Object.entries(value as { [key: string]: Json })) {
    const unrendered = templates.has(key) && typeof item === 'string';
    setOwn(result, key, unrendered ? item : resolve(item, context, joinPath(path, key), mode));
  }
  return result;
}

function resolve(value: Json, context: ExpressionContext, path: string, mode: OutputMode): Json {
  if (typeof value === 'string') {
    return isLiquid(value) ? atPath(path, () => renderLiquid(value, context, mode)) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => resolve(item, context, joinPath(path, i), mode));
  }
  if (typeof value !== 'object' || value === null) return value;
  const wrapper = wrapperOf(value);
  if (wrapper === '$secret') return value;
  if (wrapper === '$raw') return value.$raw ?? null;
  if (wrapper === '$') return atPath(path, () => evaluateCel(celOf(value.$), context));
  const result = {};
  for (const [key, item] of Object.entries(value)) {
    setOwn(result, key, resolve(item, context, joinPath(path, key), mode));
  }
  return result;
}

/**
 * Evaluates an `if` or a `when`: CEL as a bare string or in `{ "$": … }`, or a rule tree.
 * @throws ExpressionError `condition_not_boolean` when CEL gives anything but true or false
 */
export function evaluateCondition(
  condition: string | { $: string } | RuleTree,
  context: ExpressionContext,
  path = '',
): boolean {
  return atPath(path, () => {
    const source = celSource(condition);
    if (source === undefined)
      return evaluateRule(condition as RuleTree, ruleContext(context), nowOf(context));
    const result = evaluateCel(source, context);
    if (typeof result === 'boolean') return result;
    throw new ExpressionError({
      code: 'condition_not_boolean',
      message: `The condition gives ${describe(result)} and not true or false`,
      hint: 'Compare the value with something, such as `x != null`.',
    });
  });
}

/**
 * Evaluates the `items` of a loop: CEL as a bare string or in `{ "$": … }`, or a list.
 * @throws ExpressionError `items_not_list` when it gives anything but a list
 */
export function evaluateItems(items: Json, context: ExpressionContext, path = 'items'): Json[] {
  const source = celSource(items);
  const result =
    source === undefined
      ? evaluate(items, context, { path })
      : atPath(path, () => evaluateCel(source, context));
  if (Array.isArray(result)) return result;
  throw new ExpressionError({
    code: 'items_not_list',
    message: `The items are ${describe(result)} and not a list`,
    hint: 'Point at a list, such as `steps.find.output.rows`.',
    path,
  });
}

/** The CEL of a bare string or of `{ "$": … }`, undefined for anything else. */
export function celSource(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isObject(value) && wrapperOf(value) === '$' && typeof value.$ === 'string' ? value.$ : undefined;
}

function celOf(source: unknown): string {
  if (typeof source === 'string') return source;
  throw new ExpressionError({
    code: 'invalid_expression',
    message: 'The value of "$" is a CEL expression in a string',
  });
}

// Filters name the row `record`; in conditions the same words mean the trigger's row.
function ruleContext(context: ExpressionContext): ExpressionContext {
  const trigger = context.trigger;
  if (!isObject(trigger)) return context;
  return { record: trigger.record, old_record: trigger.old_record, ...context };
}

function nowOf(context: ExpressionContext): Date {
  if (context.now === undefined) return new Date();
  return context.now instanceof Date ? context.now : new Date(String(context.now));
}

function describe(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
