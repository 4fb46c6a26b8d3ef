import type { Liquid, Template } from 'liquidjs';
import { LruCache } from './cache.ts';
import type { ExpressionContext } from './cel.ts';
import type { Reference } from './cel-ast.ts';
import { ExpressionError } from './error.ts';
import { createLiquid, LIQUID_LIMITS, type OutputMode } from './liquid-engine.ts';

interface CompiledLiquid {
  engine: Liquid;
  template: Template[];
  references: Reference[];
}

const engines: Record<OutputMode, Liquid> = {
  text: createLiquid('text'),
  html: createLiquid('html'),
  slack: createLiquid('slack'),
};
const cache = new LruCache<CompiledLiquid>(500);

/** Whether a string is a template: it has an output `{{ }}` or a tag `{% %}`. */
export function isLiquid(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/**
 * Parses a template; the result is cached.
 * @throws ExpressionError `invalid_template`
 */
export function compileLiquid(source: string, mode: OutputMode = 'text'): CompiledLiquid {
  return cache.getOrCreate(`${mode}:${source}`, () => {
    try {
      const engine = engines[mode];
      const template = engine.parse(source);
      return { engine, template, references: referencesOf(engine, template, source) };
    } catch (error) {
      throw new ExpressionError({
        code: 'invalid_template',
        message: firstLine(error),
        hint: hintFor(error),
      });
    }
  });
}

/**
 * Renders a Liquid template.
 * @param mode `html` and `slack` escape what is written
 * @throws ExpressionError `missing_value` when a variable is absent, `template_failed` for other failures
 */
export function renderLiquid(source: string, context: ExpressionContext, mode: OutputMode = 'text'): string {
  const { engine, template } = compileLiquid(source, mode);
  const scope = context.now instanceof Date ? { ...context, now: context.now.toISOString() } : context;
  let result: string;
  try {
    result = engine.renderSync(template, scope, {
      renderLimit: LIQUID_LIMITS.render,
      memoryLimit: LIQUID_LIMITS.memory,
    });
  } catch (error) {
    const missing = (error as Error).name === 'UndefinedVariableError';
    throw new ExpressionError({
      code: missing ? 'missing_value' : 'template_failed',
      message: firstLine(error),
      hint: missing ? 'Give it a fallback: `| default: ""`.' : undefined,
    });
  }
  if (result.length <= LIQUID_LIMITS.output) return result;
  throw new ExpressionError({
    code: 'template_failed',
    message: `The text is longer than ${LIQUID_LIMITS.output} characters`,
    hint: 'Write fewer rows.',
  });
}

// The analysis does not tell which variable a default or a test belongs to, so one excuses all.
const ALLOWS_ABSENCE = /\|\s*default\b|\{%-?\s*(if|unless|elsif|case)\b/;

function referencesOf(engine: Liquid, template: Template[], source: string): Reference[] {
  const optional = ALLOWS_ABSENCE.test(source);
  return engine.globalVariableSegmentsSync(template).map(([root, ...rest]) => {
    const known = rest.findIndex((segment) => typeof segment !== 'string');
    const path = known === -1 ? rest : rest.slice(0, known);
    return { root: String(root), path: path.map(String), dynamic: known !== -1, optional };
  });
}

function firstLine(error: unknown): string {
  const [line = ''] = String((error as Error).message).split('\n');
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}`;
}

function hintFor(error: unknown): string {
  const message = firstLine(error);
  if (/^Undefined filter/.test(message)) return 'See https://liquidjs.com/filters/overview.html.';
  if (/^Tag /.test(message)) return 'Tags that load other templates are not available.';
  return 'Text that is meant literally goes into { "$raw": "…" }.';
}
