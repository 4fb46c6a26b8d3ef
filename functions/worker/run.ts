import type { Writes } from '../../shared/actions/writes.ts';
import { StepError } from '../../shared/errors.ts';
import type { PreparedStep } from '../../shared/steps/index.ts';
import type { Claim, Outcome, Slot } from './claim.ts';
import { crashPoint } from './crash-points.ts';
import { type Engine, isStaleClaim, isUnstorable, type Take } from './engine.ts';
import { failedOutcome, unstorableOutcome } from './failure.ts';
import { Members } from './members.ts';
import { messageOf } from './message.ts';
import { isTransient, persist } from './persist.ts';
import { verifyRecord } from './record.ts';
import { Rehearsal } from './rehearsal.ts';
import { contextOf, executeOutside, type OutsideOutcome, prepareClaim } from './step.ts';
import { withTimeout } from './timeout.ts';
import { runInTransaction } from './transaction.ts';
import type { Versions } from './versions.ts';

/** A claim with its step prepared, or with the outcome of failing to. */
type Ready = Prepared | { claim: Claim; outcome: Outcome };

interface Prepared {
  claim: Claim;
  prepared: PreparedStep;
  runAs: string | null;
}

/** What a step that needed no transaction came to. */
type Outside = Partial<Prepared> & { claim: Claim; outcome: OutsideOutcome };
type Written = Prepared & { outcome: OutsideOutcome & { writes: Writes } };

const hasWrites = (item: Outside): item is Written => item.outcome.writes !== undefined;

/** The rest of an external action: its rows, written as a database action writes, with the outcome it has. */
function writing({ claim, prepared, runAs, outcome }: Written): Prepared {
  const { writes, status, output } = outcome;
  const execute: PreparedStep['execute'] = async ({ db }) => {
    await writes(db);
    return { status: status as 'succeeded', output: output ?? null };
  };
  return { claim, runAs, prepared: { ...prepared, kind: 'database', execute } };
}

const isInside = (item: Ready): item is Prepared => 'prepared' in item && item.prepared.kind === 'database';

/** Half of a lease's grace: a database action that begins within it has its whole timeout before the lease ends. */
const startWithin = 5_000;

/** Runs claimed steps and reports their outcomes. */
export class Runner {
  constructor(
    private readonly engine: Engine,
    private readonly versions: Versions,
    private readonly members = new Members(engine),
    private readonly startWithinMs = startWithin,
    private readonly rehearsal = new Rehearsal(),
  ) {}

  /**
   * Runs a set of claims. Database actions run one by one, each in its own transaction; all others
   * together, and their outcomes are reported in one set. Database actions whose turn comes too late are
   * given back.
   *
   * @returns the successors that are claimed now
   */
  async run(claims: Claim[], slot: Slot | null, take: Take): Promise<Claim[]> {
    crashPoint('after_claim');
    const ready = await Promise.all(claims.map((claim) => this.prepare(claim)));
    const successors: Claim[] = [];
    const outside: Promise<Outside>[] = [];
    for (const item of ready) {
      if ('outcome' in item) outside.push(Promise.resolve(item));
      else if (item.prepared.kind !== 'database') outside.push(this.executeOutside(item));
    }
    const inside = ready.filter(isInside);
    const startedAt = Date.now();
    while (inside.length > 0) {
      successors.push(...(await this.executeInside(inside.shift() as Prepared, slot, take)));
      if (Date.now() - startedAt >= this.startWithinMs) break;
    }
    if (inside.length > 0) {
      // Should that fail, their leases bring them back.
      await this.engine.giveBack(inside.map(({ claim }) => claim)).catch(() => {});
    }
    const done = await Promise.all(outside);
    for (const item of done.filter(hasWrites)) {
      successors.push(...(await this.executeInside(writing(item), slot, take)));
    }
    const outcomes = done.filter((item) => !hasWrites(item)).map(({ outcome }) => outcome);
    if (outcomes.length > 0) successors.push(...(await this.report(outcomes, slot, take)));
    return successors;
  }

  /**
   * A record that cannot be verified ends the execution past every handler, since the steps after this one
   * are not checked again. When the database could not tell, nothing is reported: the lease brings the step back.
   */
  private async prepare(claim: Claim): Promise<Ready> {
    let isVerified = false;
    try {
      return await persist(async () => {
        const version = await this.versions.get(claim);
        isVerified = false;
        await verifyRecord(this.engine.sql, claim, version);
        isVerified = true;
        const message = await messageOf(this.engine.sql, claim, version);
        const prepared = this.rehearsal.standIn(claim, prepareClaim(claim, version, message));
        await this.members.verify(claim, version, prepared.kind);
        return { claim, prepared, runAs: version.runAs };
      });
    } catch (error) {
      if (isTransient(error)) throw error;
      const isTerminal = !isVerified && !(error instanceof StepError && error.code === 'plan_mismatch');
      return { claim, outcome: failedOutcome(claim, error, undefined, isTerminal) };
    }
  }

  private async executeOutside(item: Prepared): Promise<Outside> {
    const { claim, prepared } = item;
    const work = (signal: AbortSignal) =>
      executeOutside(claim, prepared, this.engine, signal, this.rehearsal);
    const outcome: OutsideOutcome = await withTimeout(claim.timeout_ms, work, () =>
      this.engine.isWanted(claim),
    ).catch((error) => failedOutcome(claim, error, prepared.input));
    return { ...item, outcome };
  }

  private async executeInside(
    { claim, prepared, runAs }: Prepared,
    slot: Slot | null,
    take: Take,
  ): Promise<Claim[]> {
    const limited: PreparedStep = {
      ...prepared,
      execute: (context) =>
        withTimeout(
          claim.timeout_ms,
          (signal) => prepared.execute({ ...context, signal }),
          () => this.engine.isWanted(claim),
        ),
    };
    const context = contextOf(claim, this.engine, neverAborted);
    try {
      return await persist(() =>
        runInTransaction(this.engine, { claim, runAs, prepared: limited, context }, slot, take),
      );
    } catch (error) {
      return this.lateOrThrow(error, claim.strand_id);
    }
  }

  /** Reports a set; one that is refused is settled outcome by outcome. */
  private async report(outcomes: Outcome[], slot: Slot | null, take: Take): Promise<Claim[]> {
    try {
      return await persist(() => this.engine.complete(outcomes, take, slot));
    } catch (error) {
      const [outcome] = outcomes;
      if (outcomes.length === 1 && outcome) {
        if (isUnstorable(error)) {
          return this.engine.complete([unstorableOutcome(outcome, error)], take, slot);
        }
        return this.lateOrThrow(error, outcome.strand_id);
      }
    }
    const successors: Claim[] = [];
    for (const outcome of outcomes) successors.push(...(await this.report([outcome], slot, take)));
    return successors;
  }

  /** A late worker changes nothing and has nothing more to do with the step. */
  private async lateOrThrow(error: unknown, strandId: string): Promise<Claim[]> {
    if (!isStaleClaim(error)) throw error;
    await this.engine.abandon(strandId);
    return [];
  }
}

const neverAborted = new AbortController().signal;
