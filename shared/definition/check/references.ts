import type { Reference } from '../../expression/index.ts';
import type { Problems } from '../errors.ts';
import { suggest } from '../nearest.ts';
import type { PlanRead } from '../plan.ts';
import type { Declared, Scope } from './scope.ts';

/** Roots every expression may use. */
export const ROOTS = [
  'input',
  'trigger',
  'variables',
  'steps',
  'execution',
  'workflow',
  'organization',
  'now',
];

const MEMBERS = ['status', 'output', 'error'];

/** What the expressions of one step use. */
export interface Usage {
  reads: Map<string, PlanRead>;
  roots: Set<string>;
}

export interface Known {
  declared: Map<string, Declared>;
  variables: string[];
  triggerType: unknown;
}

/** Checks one reference against what is there when its step runs, and notes it in `usage`. */
export function checkReference(
  reference: Reference & { at: string },
  step: Declared | undefined,
  scope: Scope,
  known: Known,
  usage: Usage,
  problems: Problems,
): void {
  const { root, path, at, optional } = reference;
  if (root === 'steps') {
    checkStepReference(reference, step, scope, known, usage, problems);
    return;
  }
  if (scope.aliases.includes(root)) {
    usage.roots.add('loop').add(root);
    return;
  }
  if (!isKnownRoot(root, scope)) {
    problems.error('unknown_root', at, `There is no \`${root}\` here`, rootHint(root, scope));
    return;
  }
  usage.roots.add(root);
  const [member] = path;
  if (root === 'variables' && member !== undefined && !optional && !known.variables.includes(member)) {
    problems.error(
      'unknown_variable',
      at,
      `There is no variable "${member}"`,
      suggest(member, known.variables, 'variable'),
    );
  }
  const isRow = member === 'record' || member === 'old_record';
  if (root === 'trigger' && isRow && !optional && known.triggerType !== 'event') {
    problems.warn(
      'no_record',
      at,
      `A ${known.triggerType} trigger has no ${member}`,
      'Use `input`, or an event trigger.',
    );
  }
}

function isKnownRoot(root: string, scope: Scope): boolean {
  if (root === 'loop') return scope.inLoop;
  if (root === 'error') return scope.hasError;
  return ROOTS.includes(root);
}

function rootHint(root: string, scope: Scope): string {
  if (root === 'loop') return '`loop` is there inside a loop only.';
  if (root === 'error') return '`error` is there in catch branches and in onFailure only.';
  if (root === 'record' || root === 'old_record') return `Write trigger.${root}.`;
  return suggest(root, [...ROOTS, ...scope.aliases], 'root');
}

function checkStepReference(
  { path, at }: Reference & { at: string },
  step: Declared | undefined,
  scope: Scope,
  known: Known,
  usage: Usage,
  problems: Problems,
): void {
  const [id, member] = path;
  if (id === undefined) {
    const hint =
      'Name the step: steps.score.output. What is read has to be known when the workflow is published.';
    problems.error('dynamic_reference', at, '`steps` is used without the name of a step', hint);
    return;
  }
  const depth = scope.visible.get(id);
  if (depth === undefined) {
    const target = known.declared.get(id);
    if (!target) {
      const ids = [...scope.visible.keys()];
      problems.error(
        'unknown_step',
        at,
        `There is no step "${id}"`,
        suggest(id, ids, 'step before this one'),
      );
    } else {
      problems.error(...invisible(target, step, at));
    }
    return;
  }
  usage.reads.set(id, { path: id, depth });
  if (member !== undefined && !MEMBERS.includes(member)) {
    problems.error(
      'unknown_member',
      at,
      `A step has no \`${member}\``,
      `Write steps.${id}.output.${member}.`,
    );
  }
}

type ProblemArguments = [code: string, at: string, message: string, hint: string];

function invisible(target: Declared, step: Declared | undefined, at: string): ProblemArguments {
  const { id } = target;
  if (step?.id === id) {
    return [
      'cyclic_reference',
      at,
      `"${id}" reads its own outcome`,
      'Read a step before it, or `error` in its catch branch.',
    ];
  }
  if (step?.around.some((container) => container.id === id)) {
    return ['cyclic_reference', at, `"${id}" is still running here`, 'Read a step before it.'];
  }
  const shared = step ? commonContainers(target, step) : 0;
  const strand = target.around.slice(shared).find((container) => container.strand === 'new');
  const sibling = step?.around[shared];
  if (
    sibling &&
    target.around[shared]?.id === sibling.id &&
    target.around[shared].branch !== sibling.branch
  ) {
    const message = `"${id}" is in another branch of "${sibling.id}"`;
    return [
      'other_branch',
      at,
      message,
      `Only one of the branches runs, or both at a time. Read it after "${sibling.id}".`,
    ];
  }
  if (strand) {
    const output =
      strand.type === 'loop'
        ? `steps.${strand.id}.output.items`
        : `steps.${strand.id}.output.${strand.branch}`;
    return ['hidden_step', at, `"${id}" is inside of "${strand.id}"`, `Read ${output}.`];
  }
  if (target.section !== step?.section) {
    return [
      'forward_reference',
      at,
      `"${id}" runs only when the workflow fails`,
      'Read a step before this one.',
    ];
  }
  return [
    'forward_reference',
    at,
    `"${id}" runs after this step`,
    'Move it up, or read a step before this one.',
  ];
}

function commonContainers(a: Declared, b: Declared): number {
  let i = 0;
  while (
    i < a.around.length &&
    a.around[i]?.id === b.around[i]?.id &&
    a.around[i]?.branch === b.around[i]?.branch
  )
    i++;
  return i;
}
