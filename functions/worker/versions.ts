import { actionCatalog } from '../../shared/actions/registry.ts';
import type { Connections } from '../../shared/database/connect.ts';
import { compile, indexSteps } from '../../shared/definition/index.ts';
import type { Plan, PlanStep } from '../../shared/definition/plan.ts';
import { type Json, StepError } from '../../shared/errors.ts';
import type { StepSource } from '../../shared/steps/index.ts';
import type { Claim } from './claim.ts';

/** A published version, compiled once per isolate. */
export interface Version {
  name: string;
  /** Whom its database actions run as; null: the service role. */
  runAs: string | null;
  /** The step that an execution begins with. */
  first: string | null;
  variables: Json;
  steps: Map<string, StepSource>;
}

const maxCached = 200;

/** Published versions by workflow and number. They never change, so they are read once. */
export class Versions {
  private readonly cache = new Map<string, Promise<Version>>();

  constructor(private readonly connections: Connections) {}

  /** @throws StepError `plan_mismatch` when the stored plan is not what the definition compiles to */
  get(claim: Pick<Claim, 'workflow_id' | 'workflow_version'>): Promise<Version> {
    const key = `${claim.workflow_id}:${claim.workflow_version}`;
    const known = this.cache.get(key);
    if (known) return known;
    const loading = this.load(claim);
    this.cache.set(key, loading);
    loading.catch(() => this.cache.delete(key));
    const [oldest] = this.cache.keys();
    if (this.cache.size > maxCached && oldest !== undefined) this.cache.delete(oldest);
    return loading;
  }

  private async load(claim: Pick<Claim, 'workflow_id' | 'workflow_version'>): Promise<Version> {
    const [row] = await this.connections.sql<{ definition: unknown; plan: Plan; run_as: string | null }[]>`
      select definition, plan, run_as from public.workflow_versions
      where workflow_id = ${claim.workflow_id} and version = ${claim.workflow_version}`;
    const compiled = compile(row?.definition, { actions: actionCatalog });
    if (!row || !compiled.ok || !sameJson(compiled.plan, row.plan)) {
      throw new StepError({
        code: 'plan_mismatch',
        message: 'The published plan is not what this worker makes of the definition.',
        hint: compiled.ok
          ? 'Publish the workflow again with the client library of the deployed release.'
          : `Correct the definition and publish it again: ${compiled.errors[0]?.message}`,
      });
    }
    const { definition, plan } = compiled;
    const index = indexSteps(definition);
    const sources = [...index].map(([id, step]): [string, StepSource] => {
      const path = plan.steps[id];
      if (!path) throw new Error(`The plan lacks step ${id}.`);
      const aliases = aliasesAround(path, plan, index);
      return [id, { step: step as unknown as Record<string, Json>, plan: path, aliases }];
    });
    for (const node of Object.values(plan.steps)) {
      const approval = node.type === 'message' && index.get(node.parent ?? '');
      if (approval && approval.type === 'approval')
        sources.push([node.path, { step: { channel: approval.channel ?? null }, plan: node, aliases: [] }]);
    }
    return {
      name: definition.name,
      runAs: row.run_as,
      first: plan.first,
      variables: (definition.variables ?? {}) as Json,
      steps: new Map(sources),
    };
  }
}

/** The names of the items of the loops around a step, outermost first; null for a branch. */
function aliasesAround(
  { parent }: PlanStep,
  plan: Plan,
  index: ReturnType<typeof indexSteps>,
): (string | null)[] {
  const around = parent === null ? undefined : plan.steps[parent];
  if (!around) return [];
  const outer = aliasesAround(around, plan, index);
  if (around.type === 'branch') return [...outer, null];
  if (around.type !== 'iteration') return outer;
  const loop = index.get(around.parent ?? '');
  return [...outer, loop?.type === 'loop' ? loop.as : null];
}

/** Equality of JSON values; the order of keys does not count, since jsonb does not keep it. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
