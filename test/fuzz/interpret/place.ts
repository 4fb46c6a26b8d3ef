import type { Json } from '../../../shared/errors.ts';
import type { Script } from '../script.ts';
import { type RunError, StepRun } from './step-run.ts';
import type { Due, Strand } from './strand.ts';

/** What holds for the whole execution. */
export interface World {
  input: Json;
  variables: { [name: string]: Json };
  script: Script;
  /** All step runs, in the order in which they came to be. */
  runs: StepRun[];
  /** Containers and approvals with a time limit, and when it ends. */
  deadlines: Map<StepRun, Due>;
}

/** Step runs of one strand by path, on top of those of the strand around it. */
interface Scope {
  address: string;
  runs: Map<string, StepRun>;
  around: Scope | undefined;
}

/** Where a step stands: what it sees and what it belongs to. */
export interface Place {
  world: World;
  strand: Strand;
  scope: Scope;
  /** Items of the loops around it and `loop`; in a catch branch `error`. */
  names: Record<string, unknown>;
}

export function mainLine(world: World, strand: Strand): Place {
  return { world, strand, scope: { address: '', runs: new Map(), around: undefined }, names: {} };
}

/** The inside of an iteration or branch. */
export function inside(place: Place, run: StepRun, strand: Strand, names: object): Place {
  const scope = { address: run.address, runs: new Map(), around: place.scope };
  return { ...place, strand, scope, names: { ...place.names, ...names } };
}

export function withError(place: Place, error: RunError): Place {
  return { ...place, names: { ...place.names, error } };
}

/** A new step run in this place. */
export function open(place: Place, path: string, type: string, iteration = 0): StepRun {
  const run = new StepRun(place.scope.address, path, type, iteration, place.strand);
  place.world.runs.push(run);
  place.scope.runs.set(path, run);
  return run;
}

/** What expressions in this place may refer to. */
export function rootsOf({ world, scope, names }: Place, now: number): Record<string, unknown> {
  const { input, variables } = world;
  return {
    ...names,
    input,
    variables,
    trigger: { type: 'manual' },
    steps: stepsOf(scope),
    now: new Date(now),
  };
}

function stepsOf(scope: Scope): Record<string, unknown> {
  const steps: Record<string, unknown> = scope.around ? stepsOf(scope.around) : {};
  for (const [path, { status, output, error }] of scope.runs) steps[path] = { status, output, error };
  return steps;
}
