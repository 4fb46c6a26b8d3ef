import type { Step } from '../definition.ts';
import type { Draft } from './draft.ts';
import { condition, items } from './expressions.ts';
import { line, type Maker, sequence } from './steps.ts';
import type { View } from './view.ts';

/** Makers of steps with steps inside. */
export function containers(draft: Draft): Maker[] {
  const makers: Maker[] = [];
  if (draft.has('condition')) makers.push(decide);
  if (draft.has('approval')) makers.push(ask);
  if (draft.has('loop')) makers.push(loop);
  if (draft.has('parallel')) makers.push(parallel);
  return makers;
}

const decide: Maker = (draft, view, depth) => {
  const id = draft.id('if');
  const test = condition(draft, view);
  const [yes, no] = [view.fork(), view.fork()];
  const branches = {
    then: draft.chance(0.85) ? sequence(draft, yes, depth) : [],
    else: draft.chance(0.6) ? sequence(draft, no, depth) : [],
  };
  const timeout = draft.has('conditionTimeout') ? limit(draft) : {};
  const step = { id, type: 'condition', if: test, ...branches, ...timeout } as const;
  return { step, inside: [...yes.steps, ...no.steps] };
};

/** Whom every approval asks. */
export const APPROVER = 'approver@fuzz.example';
const approvers = [APPROVER];

const ask: Maker = (draft, view, depth) => {
  const id = draft.id('ask');
  const title = draft.chance(0.5) ? 'Go on with {{ input.text }}?' : 'Go on?';
  const [yes, no] = [view.fork(), view.fork()];
  const branches = {
    approved: draft.chance(0.6) ? sequence(draft, yes, depth) : [],
    rejected: draft.chance(0.5) ? sequence(draft, no, depth) : [],
  };
  const onTimeout = draft.one('approve', 'reject', 'fail');
  const timeout = draft.chance(0.7) ? { timeout: draft.duration() } : {};
  const step: Step = {
    id,
    type: 'approval',
    approvers,
    title,
    onTimeout,
    ...branches,
    ...timeout,
  };
  return { step, inside: [...yes.steps, ...no.steps] };
};

const loop: Maker = (draft, view, depth) => {
  const id = draft.id('loop');
  const alias = `item${view.aliases.length}`;
  const step = {
    id,
    type: 'loop',
    items: items(draft, view),
    as: alias,
    steps: line(draft, view.fork({ alias }), depth),
    concurrency: draft.one(1, 1, 2, 3, 10),
    continueOnError: draft.chance(0.4),
    collect: draft.chance(0.8),
    ...limit(draft),
  } as const;
  // Literal lists beyond it are refused at publish.
  return {
    step: typeof step.items === 'string' && draft.chance(0.15) ? { ...step, maxItems: 2 } : step,
    inside: [],
  };
};

const parallel: Maker = (draft, view, depth) => {
  const id = draft.id('fork');
  const wait = draft.one<'all' | 'any' | { count: number }>('all', 'all', 'any', { count: 2 });
  const names = ['one', 'two', 'three'].slice(0, 2 + draft.below(2));
  const branches = Object.fromEntries(
    names.map((name) => [name, branch(draft, view, depth, wait === 'all')]),
  );
  return { step: { id, type: 'parallel', branches, wait, ...limit(draft) }, inside: [] };
};

// With `any` an empty branch would end the parallel before the others have begun.
const branch = (draft: Draft, view: View, depth: number, mayBeEmpty: boolean) =>
  mayBeEmpty && draft.chance(0.1) ? [] : line(draft, view.fork(), depth);

const limit = (draft: Draft): { timeout?: string } =>
  draft.has('timeout') && draft.chance(0.25) ? { timeout: draft.duration() } : {};
