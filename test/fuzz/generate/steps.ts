import type { Step } from '../definition.ts';
import { containers } from './containers.ts';
import type { Draft } from './draft.ts';
import { condition } from './expressions.ts';
import { leaves } from './leaves.ts';
import type { View, Visible } from './view.ts';

/** A step, and the steps inside it that become visible after it. */
export interface Made {
  step: Step;
  inside: Visible[];
}

/** A sequence; its steps become visible in `view` one after the other. */
export function sequence(draft: Draft, view: View, depth: number, least = 1): Step[] {
  const steps: Step[] = [];
  const length = least + draft.below(3);
  while (steps.length < length && (steps.length < least || !draft.isFull))
    steps.push(make(draft, view, depth));
  return steps;
}

/** The steps of the main line, an iteration or a branch. */
export function line(draft: Draft, view: View, depth: number, least = 1): Step[] {
  const steps = sequence(draft, view, depth, least);
  const last = steps.at(-1);
  const continues = last?.onError === 'continue' || last?.onError?.length === 0;
  if (last && continues && isContainer(last) && !draft.has('continueEndsLine')) {
    delete last.onError;
  }
  return steps;
}

function make(draft: Draft, view: View, depth: number): Step {
  const goesDeeper = depth > 0 && !draft.isFull && draft.chance(0.45);
  const makers = goesDeeper ? containers(draft) : [];
  const maker = draft.one(...(makers.length > 0 ? makers : leaves(draft)));
  const { step, inside } = maker(draft, view, depth - 1);
  if (draft.has('when') && draft.chance(0.12)) step.when = condition(draft, view);
  handleErrors(draft, step, inside, view, depth - 1);
  view.add(...inside, { id: step.id, type: step.type });
  return step;
}

function handleErrors(draft: Draft, step: Step, inside: Visible[], view: View, depth: number): void {
  if (draft.has('continue') && draft.chance(0.15)) {
    step.onError = draft.chance(0.1) ? [] : 'continue';
  } else if (draft.has('catch') && depth >= 0 && draft.chance(0.2)) {
    const inner = view.fork({ hasError: true });
    inner.add(...inside, { id: step.id, type: step.type });
    step.onError = sequence(draft, inner, depth);
    if (!draft.has('containerEndsCatch')) step.onError.push(make(draft, inner, 0));
    inside.push(...inner.steps.filter(({ id }) => id !== step.id));
  }
}

const isContainer = ({ type }: Step) => ['condition', 'loop', 'parallel', 'approval'].includes(type);

export type Maker = (draft: Draft, view: View, depth: number) => Made;
