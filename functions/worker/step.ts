import type { ActionContext } from '../../shared/actions/types.ts';
import type { Connections } from '../../shared/database/connect.ts';
import { type Json, StepError } from '../../shared/errors.ts';
import {
  type PreparedStep,
  prepareStep,
  type Roots,
  type StepOutcome,
  type StepSource,
} from '../../shared/steps/index.ts';
import type { Claim, Outcome } from './claim.ts';
import { crashPoint } from './crash-points.ts';
import { DeliveryLog } from './deliveries.ts';
import { claimKeys, failedOutcome } from './failure.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Version } from './versions.ts';

type HandlerContext = Omit<ActionContext, 'db'>;

/** What a claimed step's expressions may refer to. */
function rootsOf(claim: Claim, version: Version, { aliases }: StepSource): Roots {
  return {
    ...itemsOf(claim, aliases),
    input: claim.input,
    trigger: claim.trigger,
    variables: version.variables,
    steps: claim.steps,
    error: claim.error,
    execution: {
      id: claim.execution_id,
      mode: claim.mode,
      created_at: claim.created_at,
      created_by: claim.created_by,
    },
    workflow: { id: claim.workflow_id, name: version.name, version: versionOf(claim) },
    organization: { id: claim.organization_id },
    now: new Date(claim.now),
  };
}

/** A draft, which a test run plays, has the number 0. */
const versionOf = ({ workflow_version }: Claim): number => Math.max(0, workflow_version);

/** The current item of each loop around the step by its name, and the innermost one's index. */
function itemsOf({ items }: Claim, aliases: StepSource['aliases']): Roots {
  const roots: Roots = {};
  for (const [depth, alias] of aliases.entries()) {
    const current = items?.[depth];
    if (alias === null || !current) continue;
    roots[alias] = current.item;
    roots.loop = { index: current.index };
  }
  return roots;
}

/** @throws StepError or ExpressionError when the step cannot be prepared */
export function prepareClaim(claim: Claim, version: Version, more: Roots = {}): PreparedStep {
  const source = version.steps.get(claim.path);
  if (!source) {
    throw new StepError({
      code: 'plan_mismatch',
      message: `The published plan has no step at "${claim.path}".`,
      hint: 'Publish the workflow again with the client library of the deployed release.',
    });
  }
  const prepared = prepareStep(source, { ...rootsOf(claim, version, source), ...more });
  return { ...prepared, execute: async (context) => limitOutput(await prepared.execute(context)) };
}

const maxOutputBytes = 1_048_576;

/** Larger results belong into a table or a file; every later step that reads this one would load it. */
function limitOutput(outcome: StepOutcome): StepOutcome {
  const text = JSON.stringify(outcome.output) ?? '';
  // A character is at most three bytes of UTF-8: most outputs need no closer look.
  const isLarge = text.length * 3 > maxOutputBytes && new TextEncoder().encode(text).length > maxOutputBytes;
  if (!isLarge) return outcome;
  throw new StepError({
    code: 'output_too_large',
    message: `The step returned more than ${maxOutputBytes / 1_048_576} MB.`,
    hint: 'Select fewer columns or rows, or store the result and return its id.',
  });
}

export function contextOf(claim: Claim, connections: Connections, signal: AbortSignal): HandlerContext {
  return {
    organizationId: claim.organization_id,
    executionId: claim.execution_id,
    workflowId: claim.workflow_id,
    workflowVersion: versionOf(claim),
    mode: claim.mode,
    stepRunId: claim.step_run_id,
    stepId: claim.path,
    attempt: claim.attempt,
    now: new Date(claim.now),
    signal,
    deliveries: new DeliveryLog(connections, claim),
  };
}

/** An outcome, and what is still to be written in the transaction that reports it. */
export type OutsideOutcome = Outcome & Pick<StepOutcome, 'writes'>;

/**
 * Executes a step that needs no transaction; errors become its outcome. In a test run nothing is called: this
 * is the one place that every step of kind `external` comes through.
 */
export async function executeOutside(
  claim: Claim,
  prepared: PreparedStep,
  connections: Connections,
  signal: AbortSignal,
  rehearsal: Rehearsal,
): Promise<OutsideOutcome> {
  const isExternal = prepared.kind === 'external';
  const context = { ...contextOf(claim, connections, signal), db: noDatabase };
  try {
    if (isExternal) crashPoint('inside_action');
    const result =
      isExternal && claim.mode === 'test'
        ? limitOutput(await rehearsal.perform(prepared, context))
        : await prepared.execute(context);
    if (isExternal) crashPoint('after_external_effect');
    return {
      ...claimKeys(claim),
      ...result,
      ...(prepared.input === undefined ? {} : { input: prepared.input as Json }),
    };
  } catch (error) {
    return failedOutcome(claim, error, prepared.input);
  }
}

/** In place of a transaction where there is none: says so instead of failing obscurely. */
const noDatabase = new Proxy({} as ActionContext['db'], {
  get() {
    throw new StepError({
      code: 'no_transaction',
      message: 'Only actions of kind "database" have a database.',
      hint: 'Give the action kind "database", or do the writing in a step of its own.',
    });
  },
});
