import type { Step, WorkflowDefinition } from './types.ts';

/** The sequences of steps inside a step, its catch branch last. */
export function innerSequences(step: Step): Step[][] {
  const inner: Step[][] = [];
  if (step.type === 'condition') inner.push(step.then, step.else);
  if (step.type === 'approval') inner.push(step.approved, step.rejected);
  if (step.type === 'loop') inner.push(step.steps);
  if (step.type === 'parallel') inner.push(...Object.values(step.branches));
  if (Array.isArray(step.onError)) inner.push(step.onError);
  return inner;
}

/** Every step of a definition by its id, which is its path in the plan. */
export function indexSteps(definition: WorkflowDefinition): Map<string, Step> {
  const index = new Map<string, Step>();
  const add = (steps: Step[]): void => {
    for (const step of steps) {
      index.set(step.id, step);
      for (const inner of innerSequences(step)) add(inner);
    }
  };
  add(definition.steps);
  add(definition.onFailure);
  return index;
}
