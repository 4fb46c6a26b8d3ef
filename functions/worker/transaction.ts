import { type Connection, createDatabase } from '../../shared/actions/database/facade.ts';
import type { ActionContext } from '../../shared/actions/types.ts';
import type { PreparedStep } from '../../shared/steps/index.ts';
import { ActionTime } from './action-time.ts';
import type { Claim, Outcome, Slot } from './claim.ts';
import { crashPoint } from './crash-points.ts';
import { send, type Transaction } from './database.ts';
import { type Engine, isConnectionLoss, isUnstorable, type Take } from './engine.ts';
import { claimKeys, failedOutcome, unstorableOutcome } from './failure.ts';

/** A claimed step whose action writes to the database, and as whom. */
export interface DatabaseWork {
  claim: Claim;
  /** Null: the service role. */
  runAs: string | null;
  prepared: PreparedStep;
  context: Omit<ActionContext, 'db'>;
}

/**
 * Runs a database action inside its own completion transaction: what it writes, its result and the
 * successor commit together, or nothing does. This is what makes its effect happen exactly once.
 *
 *   enter_step · savepoint · time limit, claims and role of run_as · the action · deferred constraints ·
 *   reset role, time for the report · complete_steps · commit
 *
 * An error of the action rolls back to the savepoint, and the same transaction reports it. A failed
 * COMMIT is reported in a new one.
 *
 * @returns the successors that are claimed now
 * @throws the `stale_claim` refusal when the claim belongs to somebody else
 */
export async function runInTransaction(
  engine: Engine,
  work: DatabaseWork,
  slot: Slot | null,
  take: Take,
): Promise<Claim[]> {
  const { claim, prepared } = work;
  let outcome: Outcome | undefined;
  let reported = false;
  try {
    return await engine.sql.begin(async (tx) => {
      const entered = send(tx`select workflow.enter_step(${claim.strand_id}, ${claim.token})`);
      outcome = await actAsUser(tx, entered, work);
      const successors = await engine.complete([outcome], take, slot, tx);
      reported = true;
      crashPoint('before_commit');
      return successors;
    });
  } catch (error) {
    if (outcome && !reported && isUnstorable(error)) {
      return engine.complete([unstorableOutcome(outcome, error)], take, slot);
    }
    if (!reported || isConnectionLoss(error)) throw error;
    return engine.complete([failedOutcome(claim, error, prepared.input)], take, slot);
  }
}

/** The action as `run_as`, inside a savepoint; afterwards the transaction is the engine's again. */
async function actAsUser(tx: Transaction, entered: Promise<unknown>, work: DatabaseWork): Promise<Outcome> {
  const { claim, prepared } = work;
  try {
    const result = await tx.savepoint((inner) => act(inner, work));
    void send(tx`reset role`);
    void send(tx`select workflow.leave_user(), workflow.limit_report(${claim.strand_id})`);
    return {
      ...claimKeys(claim),
      ...result,
      ...(prepared.input === undefined ? {} : { input: prepared.input }),
    };
  } catch (error) {
    await entered;
    return failedOutcome(claim, error, prepared.input);
  }
}

async function act(tx: Transaction, { claim, runAs, prepared, context }: DatabaseWork) {
  const time = new ActionTime(claim.timeout_ms);
  const setup = [
    tx`select workflow.limit_action(${claim.strand_id}, ${claim.timeout_ms}),
      workflow.assume_user(${runAs}, ${claim.organization_id})`,
    runAs === null ? tx`set local role service_role` : tx`set local role authenticated`,
  ].map(send);
  const db = createDatabase(connectionOf(tx, time));
  try {
    const result = await prepared.execute({ ...context, db });
    crashPoint('inside_action');
    time.limit(tx);
    await tx`set constraints all immediate`;
    return result;
  } catch (error) {
    for (const sent of setup) await sent;
    throw time.explain(error);
  }
}

function connectionOf(tx: Transaction, time: ActionTime): Connection {
  return {
    run(text, parameters) {
      time.limit(tx);
      return tx.unsafe(text, parameters as never[], { prepare: true }) as never;
    },
    async savepoint(work) {
      try {
        return (await tx.savepoint((inner) => work(connectionOf(inner, time)))) as never;
      } catch (error) {
        time.forget();
        throw error;
      }
    },
  };
}
