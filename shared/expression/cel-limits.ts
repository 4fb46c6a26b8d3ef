import type { ASTNode } from '@marcbachmann/cel-js';
import { type CelVisitor, walkCel } from './cel-ast.ts';
import { ExpressionError } from './error.ts';

/** What an expression may cost; each limit is an error of its own and not a slow worker. */
export const CEL_LIMITS = {
  /** Characters of one expression. */
  length: 4000,
  /** Comprehensions (`map`, `filter`, `all`, …) inside one another. */
  comprehensionDepth: 2,
  /** Elements of a list that is iterated over or built. */
  listLength: 10_000,
  /** Elements visited by all comprehensions of one evaluation. */
  iterations: 100_000,
  /** Characters of a string that is built. */
  stringLength: 1_000_000,
};

// `matches` backtracks: 26 characters can take seconds. `json` would parse data into objects with a prototype.
const REFUSED: Record<string, string> = {
  matches: 'Use contains(), startsWith(), endsWith() or ==.',
  json: 'Pass the value as JSON, not as text.',
};

type Evaluate = (evaluator: Evaluator, node: GuardedNode, context: object) => unknown;
interface Evaluator {
  run(node: GuardedNode, context: object): unknown;
}
// Parts of the library's AST that its types leave out; the version is pinned and tests hold each guard.
interface GuardedNode {
  meta: { alternate?: GuardedNode; evaluate: Evaluate };
  setMeta(key: 'evaluate', value: Evaluate): void;
  args: { iterable: GuardedNode };
  handle(items: unknown, args: object, evaluator: Evaluator, context: object): unknown;
}

let iterations = 0;

/** Starts the count of iterations anew; called before each evaluation. */
export function resetIterations(): void {
  iterations = 0;
}

/**
 * Refuses what is not allowed in an expression and puts the run-time limits into its nodes.
 * @throws ExpressionError
 */
export function guardCel(root: ASTNode, reference: CelVisitor['reference']): void {
  walkCel(root, {
    reference,
    sum: (node) => limitResult(node as unknown as GuardedNode),
    call(name, node, depth) {
      if (Object.hasOwn(REFUSED, name)) throw refused(name);
      if (depth > CEL_LIMITS.comprehensionDepth) throw tooDeep();
      const guarded = node as unknown as GuardedNode;
      if (guarded.meta.alternate) limitIterations(guarded.meta.alternate);
      else if (name === 'join' || name === 'split') limitResult(guarded);
    },
  });
}

function limitIterations(node: GuardedNode): void {
  node.setMeta('evaluate', (evaluator, comprehension, context) => {
    const items = evaluator.run(comprehension.args.iterable, context);
    const size = Array.isArray(items) ? items.length : items instanceof Map ? items.size : 0;
    checkSize(items);
    iterations += size;
    if (iterations > CEL_LIMITS.iterations) {
      throw limit('too_many_iterations', `visits more than ${CEL_LIMITS.iterations} elements`);
    }
    return comprehension.handle(items, comprehension.args, evaluator, context);
  });
}

function limitResult(node: GuardedNode): void {
  const evaluate = node.meta.evaluate;
  node.setMeta('evaluate', (evaluator, sum, context) => checkSize(evaluate(evaluator, sum, context)));
}

function checkSize(value: unknown): unknown {
  if (Array.isArray(value) && value.length > CEL_LIMITS.listLength) {
    throw limit('list_too_long', `works on a list of more than ${CEL_LIMITS.listLength} elements`);
  }
  if (typeof value === 'string' && value.length > CEL_LIMITS.stringLength) {
    throw limit('string_too_long', `builds a text of more than ${CEL_LIMITS.stringLength} characters`);
  }
  return value;
}

function limit(code: string, what: string): ExpressionError {
  return new ExpressionError({ code, message: `The expression ${what}`, hint: 'Select fewer rows first.' });
}

function refused(name: string): ExpressionError {
  const hint = REFUSED[name];
  return new ExpressionError({ code: 'function_refused', message: `${name}() is not available`, hint });
}

function tooDeep(): ExpressionError {
  return new ExpressionError({
    code: 'expression_too_deep',
    message: `More than ${CEL_LIMITS.comprehensionDepth} comprehensions inside one another`,
    hint: 'Compute the inner list in a transform step first.',
  });
}
