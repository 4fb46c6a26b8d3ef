import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { LIMITS } from '../schema/fields.ts';
import { checkField, type ExpressionField } from './expressions.ts';
import { expressionFields } from './fields.ts';
import { checkAlias, checkId } from './names.ts';
import { type ActionCatalog, checkAction } from './params.ts';
import { checkReference, type Known, type Usage } from './references.ts';
import { fork, type RawStep, type Scope, type Sequence, sequencesOf } from './scope.ts';
import { checkTemplate, type TemplateCatalog } from './template.ts';
import { checkType } from './types.ts';

/** What each step's expressions use, by the step's id. */
export type Usages = Map<string, Usage>;

/** Checks sequences of steps and, for each step, what its expressions use. */
export class StepChecker {
  readonly usages: Usages = new Map();
  private readonly seen = new Map<string, string>();
  private count = 0;

  constructor(
    private readonly known: Known,
    private readonly actions: ActionCatalog,
    private readonly problems: Problems,
    private readonly templates?: TemplateCatalog,
  ) {}

  /** Checks a sequence; its steps become visible in `scope` one after the other. */
  sequence(steps: unknown[], at: string, scope: Scope, nesting = 0): void {
    if (nesting > LIMITS.depth) {
      this.problems.error(
        'too_deep',
        at,
        `Steps nest at most ${LIMITS.depth} deep`,
        'Start another workflow from here.',
      );
      return;
    }
    for (const [i, step] of steps.entries())
      if (isObject(step)) this.step(step, joinPath(at, i), scope, nesting);
  }

  private step(step: RawStep, at: string, scope: Scope, nesting: number): void {
    this.count += 1;
    if (this.count === LIMITS.steps + 1) {
      this.problems.error(
        'too_many_steps',
        at,
        `A workflow has at most ${LIMITS.steps} steps`,
        'Split it into several workflows.',
      );
    }
    checkId(step, at, this.seen, this.problems);
    this.expressions(step, at, scope);
    checkType(step, at, this.problems);
    checkTemplate(step, at, this.templates, this.problems);
    const depth = this.depthOf(step);
    const inside = new Map<string, number>();
    for (const sequence of sequencesOf(step, at)) {
      const inner = this.enter(step, at, sequence, scope, depth, inside);
      this.sequence(sequence.steps, sequence.at, inner, nesting + 1);
      if (sequence.strand !== 'new') for (const [id, level] of inner.visible) inside.set(id, level);
    }
    for (const [id, level] of inside) scope.visible.set(id, level);
    if (typeof step.id === 'string') scope.visible.set(step.id, depth);
  }

  private depthOf(step: RawStep): number {
    return (typeof step.id === 'string' ? this.known.declared.get(step.id)?.depth : undefined) ?? 0;
  }

  private enter(
    step: RawStep,
    at: string,
    sequence: Sequence,
    scope: Scope,
    depth: number,
    inside: Map<string, number>,
  ): Scope {
    if (sequence.strand === 'catch') {
      const visible = new Map([...scope.visible, ...inside]);
      if (typeof step.id === 'string') visible.set(step.id, depth);
      return fork(scope, { visible, hasError: true });
    }
    if (step.type !== 'loop') return fork(scope);
    const alias = typeof step.as === 'string' ? step.as : 'item';
    checkAlias(alias, joinPath(at, 'as'), scope, this.problems);
    return fork(scope, { inLoop: true, aliases: [...scope.aliases, alias] });
  }

  private expressions(step: RawStep, at: string, scope: Scope): void {
    const usage: Usage = { reads: new Map(), roots: new Set() };
    const fields: ExpressionField[] = expressionFields(step, at);
    if (step.type === 'action') fields.push(...checkAction(step, at, this.actions, this.problems));
    const declared = typeof step.id === 'string' ? this.known.declared.get(step.id) : undefined;
    for (const field of fields) {
      for (const reference of checkField(field, this.problems)) {
        checkReference(reference, declared, scope, this.known, usage, this.problems);
      }
    }
    if (typeof step.id === 'string') this.usages.set(step.id, usage);
  }
}
