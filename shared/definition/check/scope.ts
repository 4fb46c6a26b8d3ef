import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';

/**
 * Checks read the definition as it was given, which may be wrong anywhere, so that errors of its shape and of
 * its meaning are reported together.
 */
export type RawStep = Record<string, unknown>;

/** A sequence inside a step. */
export interface Sequence {
  /** `then`, `else`, `approved`, `rejected`, `steps`, a parallel's branch, `onError`. */
  branch: string;
  at: string;
  steps: unknown[];
  /** `same` goes on with the step's strand, `new` opens one, `catch` runs after the step has failed. */
  strand: 'same' | 'new' | 'catch';
}

/** The sequences a step holds, its catch branch last. */
export function sequencesOf(step: RawStep, at: string): Sequence[] {
  const found: Sequence[] = [];
  const add = (branch: string, steps: unknown, strand: Sequence['strand'], place = joinPath(at, branch)) => {
    if (Array.isArray(steps)) found.push({ branch, at: place, steps, strand });
  };
  if (step.type === 'condition') for (const branch of ['then', 'else']) add(branch, step[branch], 'same');
  if (step.type === 'approval')
    for (const branch of ['approved', 'rejected']) add(branch, step[branch], 'same');
  if (step.type === 'loop') add('steps', step.steps, 'new');
  if (step.type === 'parallel' && isObject(step.branches)) {
    const place = joinPath(at, 'branches');
    for (const [name, steps] of Object.entries(step.branches)) add(name, steps, 'new', joinPath(place, name));
  }
  add('onError', step.onError, 'catch');
  return found;
}

export type Section = 'main' | 'on_failure';

/** Where a step stands. */
export interface Declared {
  id: string;
  at: string;
  section: Section;
  /** Strand-opening containers around it. */
  depth: number;
  /** Containers around it, outermost first, each with the sequence it is in. */
  around: { id: string; branch: string; type: unknown; strand: Sequence['strand'] }[];
}

/** Every step of the definition by id; the first of duplicates. */
export function declare(sections: [Section, unknown, string][]): Map<string, Declared> {
  const declared = new Map<string, Declared>();
  const walk = (steps: unknown[], at: string, section: Section, around: Declared['around']): void => {
    for (const [i, step] of steps.entries()) {
      if (!isObject(step)) continue;
      const place = joinPath(at, i);
      const id = typeof step.id === 'string' ? step.id : '';
      const depth = around.filter(({ strand }) => strand === 'new').length;
      if (id !== '' && !declared.has(id)) declared.set(id, { id, at: place, section, depth, around });
      for (const { branch, at: inner, steps: list, strand } of sequencesOf(step, place)) {
        walk(list, inner, section, [...around, { id, branch, type: step.type, strand }]);
      }
    }
  };
  for (const [section, steps, at] of sections) if (Array.isArray(steps)) walk(steps, at, section, []);
  return declared;
}

/** What the expressions at one place may use. */
export interface Scope {
  /** Steps whose outcome is there, with the strand depth they live at. */
  visible: Map<string, number>;
  /** Names of the current items, outermost loop first. */
  aliases: readonly string[];
  inLoop: boolean;
  hasError: boolean;
  section: Section;
}

/** A copy in which further steps can become visible without being seen outside. */
export function fork(scope: Scope, changes: Partial<Scope> = {}): Scope {
  return { ...scope, visible: new Map(scope.visible), ...changes };
}
