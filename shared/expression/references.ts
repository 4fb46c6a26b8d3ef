import { compileCel } from './cel.ts';
import type { Reference } from './cel-ast.ts';
import { ExpressionError } from './error.ts';
import { wrapperOf } from './evaluate.ts';
import { isObject } from './json.ts';
import { compileLiquid, isLiquid } from './liquid.ts';
import { joinPath } from './paths.ts';

/** A reference and where its expression stands. */
export interface LocatedReference extends Reference {
  at: string;
}

/**
 * Lists every use of data in the expressions of a value, without evaluating anything.
 * @param onError told of each expression that cannot be parsed
 */
export function references(
  value: unknown,
  path = '',
  onError: (error: ExpressionError, path: string) => void = throwIt,
): LocatedReference[] {
  const found: LocatedReference[] = [];
  const add = (at: string, compile: () => { references: Reference[] }) => {
    try {
      for (const reference of compile().references) found.push({ ...reference, at });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      onError(error, at);
    }
  };
  const visit = (item: unknown, at: string): void => {
    if (typeof item === 'string') {
      if (isLiquid(item)) add(at, () => compileLiquid(item));
    } else if (Array.isArray(item)) {
      item.forEach((part, i) => {
        visit(part, joinPath(at, i));
      });
    } else if (isObject(item)) {
      const wrapper = wrapperOf(item);
      if (wrapper === '$') add(at, () => compileCel(celText(item.$)));
      else if (wrapper === undefined)
        for (const key of Object.keys(item)) visit(item[key], joinPath(at, key));
    }
  };
  visit(value, path);
  return found;
}

function celText(source: unknown): string {
  if (typeof source === 'string') return source;
  throw new ExpressionError({
    code: 'invalid_expression',
    message: 'The value of "$" is a CEL expression in a string',
    hint: 'Write { "$": "steps.score.output" }.',
  });
}

function throwIt(error: ExpressionError, path: string): never {
  const { code, message, hint } = error;
  throw new ExpressionError({ code, message, hint, path });
}
