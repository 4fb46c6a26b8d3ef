import type { ASTNode } from '@marcbachmann/cel-js';

/** Macros that evaluate their last arguments once per element of a list. */
const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** One use of data in an expression: `steps.score.output` is root `steps`, path `['score', 'output']`. */
export interface Reference {
  root: string;
  /** The members that follow, as far as they are known before evaluation. */
  path: string[];
  /** Whether the path ends because the next member is computed, such as `steps[input.name]`. */
  dynamic: boolean;
  /** Whether a missing value is allowed for: `has()`, `?.`, `| default:`. */
  optional: boolean;
}

export interface CelVisitor {
  reference(reference: Reference): void;
  /** Every function and method called, with the number of comprehensions around it. */
  call(name: string, node: ASTNode, depth: number): void;
  /** Every `+`. */
  sum(node: ASTNode): void;
}

interface Scope {
  locals: ReadonlySet<string>;
  depth: number;
  optional: boolean;
}

/** Walks an expression as its author wrote it; names bound by macros are no references. */
export function walkCel(node: ASTNode, visitor: CelVisitor): void {
  visit(node, { locals: new Set(), depth: 0, optional: false }, visitor);
}

function visit(node: ASTNode, scope: Scope, visitor: CelVisitor): void {
  switch (node.op) {
    case 'value':
      return;
    case 'id':
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      visitAccess(node, scope, visitor);
      return;
    case 'call':
      visitCall(node, node.args[0], null, node.args[1], scope, visitor);
      return;
    case 'rcall':
      visitCall(node, node.args[0], node.args[1], node.args[2], scope, visitor);
      return;
    case '!_':
    case '-_':
      visit(node.args, scope, visitor);
      return;
    case 'map':
      for (const entry of node.args) for (const part of entry) visit(part, scope, visitor);
      return;
    default:
      if (node.op === '+') visitor.sum(node);
      for (const part of node.args) visit(part, scope, visitor);
  }
}

function visitAccess(node: ASTNode, scope: Scope, visitor: CelVisitor): void {
  const path: string[] = [];
  let dynamic = false;
  let optional = scope.optional;
  let current = node;
  for (;;) {
    if (current.op === '.' || current.op === '.?') {
      path.unshift(current.args[1]);
    } else if (current.op === '[]' || current.op === '[?]') {
      const [, key] = current.args;
      const literal = key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
      if (literal === undefined) {
        visit(key, scope, visitor);
        path.length = 0;
        dynamic = true;
      } else {
        path.unshift(literal);
      }
    } else {
      break;
    }
    if (current.op === '.?' || current.op === '[?]') optional = true;
    current = current.args[0];
  }
  if (current.op !== 'id') {
    visit(current, scope, visitor);
  } else if (!scope.locals.has(current.args)) {
    visitor.reference({ root: current.args, path, dynamic, optional });
  }
}

function visitCall(
  node: ASTNode,
  name: string,
  receiver: ASTNode | null,
  args: ASTNode[],
  scope: Scope,
  visitor: CelVisitor,
): void {
  const isBind = receiver?.op === 'id' && receiver.args === 'cel' && name === 'bind' && args.length === 3;
  const isLoop = receiver !== null && COMPREHENSIONS.has(name) && args.length >= 2;
  const variable = args[0];
  if ((isBind || isLoop) && variable?.op === 'id') {
    const depth = isLoop ? scope.depth + 1 : scope.depth;
    const inner = { ...scope, depth, locals: new Set([...scope.locals, variable.args]) };
    visitor.call(name, node, depth);
    if (isLoop) visit(receiver, scope, visitor);
    if (isBind && args[1]) visit(args[1], scope, visitor);
    for (const body of args.slice(isBind ? 2 : 1)) visit(body, inner, visitor);
    return;
  }
  visitor.call(name, node, scope.depth);
  const argScope = name === 'has' && receiver === null ? { ...scope, optional: true } : scope;
  if (receiver) visit(receiver, scope, visitor);
  for (const arg of args) visit(arg, argScope, visitor);
}
