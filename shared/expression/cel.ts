import { EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { LruCache } from './cache.ts';
import type { Reference } from './cel-ast.ts';
import { createEnvironment } from './cel-environment.ts';
import { CEL_LIMITS, guardCel, resetIterations } from './cel-limits.ts';
import { LOOP_ALIAS, toLibrarySource } from './cel-source.ts';
import { fromCel, toView } from './cel-values.ts';
import { ExpressionError } from './error.ts';
import { isObject, type Json } from './json.ts';

/** The data expressions see: a value per root. `now` is an ISO timestamp or a Date. */
export type ExpressionContext = Readonly<Record<string, unknown>>;

export interface CompiledCel {
  run: ParseResult;
  references: Reference[];
  /** Static type, `dyn` when it depends on data. */
  type: string;
}

const environment = createEnvironment();
const cache = new LruCache<CompiledCel>(1000);
const MISSING = new Set(['no_such_key', 'unknown_variable', 'index_out_of_bounds', 'optional_value_missing']);

/**
 * Parses and type-checks a CEL expression; the result is cached.
 * @throws ExpressionError `invalid_expression`, or the code of the guard that refuses it
 */
export function compileCel(source: string): CompiledCel {
  if (source.length > CEL_LIMITS.length) {
    throw new ExpressionError({
      code: 'expression_too_long',
      message: `An expression has at most ${CEL_LIMITS.length} characters, this one has ${source.length}`,
      hint: 'Split it over transform steps.',
    });
  }
  return cache.getOrCreate(source, () => compileAnew(source));
}

/**
 * Evaluates a CEL expression.
 * @throws ExpressionError `missing_value` when data it names is absent, `expression_failed` for other failures
 */
export function evaluateCel(source: string, context: ExpressionContext): Json {
  const compiled = compileCel(source);
  resetIterations();
  try {
    return fromCel(compiled.run(viewFor(compiled.references, context)));
  } catch (error) {
    throw toExpressionError(error, source);
  }
}

function compileAnew(source: string): CompiledCel {
  try {
    const run = environment.parse(toLibrarySource(source));
    const references: Reference[] = [];
    guardCel(run.ast, (reference) => {
      const root = reference.root === LOOP_ALIAS ? 'loop' : reference.root;
      if (!environment.hasVariable(root)) references.push({ ...reference, root });
    });
    const checked = run.check();
    if (checked.error) throw checked.error;
    return { run, references, type: checked.type ?? 'dyn' };
  } catch (error) {
    if (error instanceof ExpressionError) throw error;
    throw invalid(error, source);
  }
}

// Only the roots, and of `steps` only the steps, that the expression names are looked at.
function viewFor(references: Reference[], context: ExpressionContext): Record<string, unknown> {
  const view: Record<string, unknown> = Object.create(null);
  for (const { root, path } of references) {
    if (!Object.hasOwn(context, root)) continue;
    const value = context[root];
    const name = root === 'loop' ? LOOP_ALIAS : root;
    if (root === 'now') {
      view.now = value instanceof Date ? value : new Date(String(value));
    } else if (root === 'steps' && isObject(value) && path[0] !== undefined) {
      view.steps ??= new Map();
      if (Object.hasOwn(value, path[0]))
        (view.steps as Map<string, unknown>).set(path[0], toView(value[path[0]]));
    } else {
      view[name] = toView(value);
    }
  }
  return view;
}

interface LibraryError extends Error {
  code: string;
  summary: string;
  range?: { start: number };
}

function invalid(error: unknown, source: string): ExpressionError {
  const { summary, range, message } = error as LibraryError;
  const place = range ? ` at character ${range.start + 1}` : '';
  return new ExpressionError({
    code: 'invalid_expression',
    message: `${authorNames(summary ?? message)}${place} of ${quote(source)}`,
    hint: hintFor(summary ?? message),
  });
}

function toExpressionError(error: unknown, source: string): ExpressionError {
  if (error instanceof ExpressionError) return error;
  if (!(error instanceof EvaluationError)) {
    return new ExpressionError({ code: 'expression_failed', message: `${quote(source)} failed: ${error}` });
  }
  const missing = MISSING.has(error.code);
  return new ExpressionError({
    code: missing ? 'missing_value' : 'expression_failed',
    message: `${authorNames(error.summary)} in ${quote(source)}`,
    hint: missing ? 'Allow for its absence with has(), ?. or orValue().' : hintFor(error.summary),
  });
}

function hintFor(summary: string): string | undefined {
  if (summary.includes('Ternary branches')) return 'Wrap one of them in dyn().';
  if (summary.includes('dyn<null>')) return 'A value is null: test it with `x != null` first.';
  if (/no such overload/.test(summary)) return 'Convert one side with string(), double() or date().';
  if (/no matching overload/.test(summary)) return 'Check the name of the function and its arguments.';
  return 'See the expression reference in docs/definition.md.';
}

function authorNames(summary: string): string {
  return summary
    .replaceAll(LOOP_ALIAS, 'loop')
    .replaceAll(/dyn<(\w+)>/g, '$1')
    .replaceAll('google.protobuf.', '');
}

function quote(source: string): string {
  return `\`${source.length > 80 ? `${source.slice(0, 77)}…` : source}\``;
}
