import type { PreparedStep } from '../../shared/steps/index.ts';
import type { Claim, Outcome, Slot } from './claim.ts';
import { crashPoint } from './crash-points.ts';
import { type Engine, isConnectionLoss, isStaleClaim, isUnstorable, type Take } from './engine.ts';
import { failedOutcome, unstorableOutcome } from './failure.ts';
import { verifyRecord } from './record.ts';
import { contextOf, executeOutside, prepareClaim } from './step.ts';
import { withTimeout } from './timeout.ts';
import { runInTransaction } from './transaction.ts';
import type { Versions } from './versions.ts';

/** A claim with its step prepared, or with the outcome of failing to. */
type Ready = { claim: Claim; prepared: PreparedStep } | { claim: Claim; outcome: Outcome };

/** Runs claimed steps and reports their outcomes. */
export class Runner {
  constructor(
    private readonly engine: Engine,
    private readonly versions: Versions,
  ) {}

  /**
   * Runs a set of claims. Database actions run one by one, each in its own transaction; all others
   * together, and their outcomes are reported in one set.
   *
   * @returns the successors that are claimed now
   */
  async run(claims: Claim[], slot: Slot | null, take: Take): Promise<Claim[]> {
    crashPoint('after_claim');
    const ready = await Promise.all(claims.map((claim) => this.prepare(claim)));
    const successors: Claim[] = [];
    const outside: Promise<Outcome>[] = [];
    for (const item of ready) {
      if ('outcome' in item) outside.push(Promise.resolve(item.outcome));
      else if (item.prepared.kind !== 'database')
        outside.push(this.executeOutside(item.claim, item.prepared));
    }
    for (const item of ready) {
      if ('prepared' in item && item.prepared.kind === 'database') {
        successors.push(...(await this.executeInside(item.claim, item.prepared, slot, take)));
      }
    }
    if (outside.length > 0) successors.push(...(await this.report(await Promise.all(outside), slot, take)));
    return successors;
  }

  private async prepare(claim: Claim): Promise<Ready> {
    try {
      if (claim.verify_record) await verifyRecord(this.engine.sql, claim);
    } catch (error) {
      return { claim, outcome: failedOutcome(claim, error, undefined, true) };
    }
    try {
      return { claim, prepared: prepareClaim(claim, await this.versions.get(claim)) };
    } catch (error) {
      return { claim, outcome: failedOutcome(claim, error) };
    }
  }

  private executeOutside(claim: Claim, prepared: PreparedStep): Promise<Outcome> {
    return withTimeout(claim.timeout_ms, (signal) => executeOutside(claim, prepared, signal)).catch((error) =>
      failedOutcome(claim, error, prepared.input),
    );
  }

  private async executeInside(
    claim: Claim,
    prepared: PreparedStep,
    slot: Slot | null,
    take: Take,
  ): Promise<Claim[]> {
    const limited: PreparedStep = {
      ...prepared,
      execute: (context) =>
        withTimeout(claim.timeout_ms, (signal) => prepared.execute({ ...context, signal })),
    };
    for (let tries = 1; ; tries += 1) {
      try {
        return await runInTransaction(
          this.engine,
          claim,
          slot,
          take,
          limited,
          contextOf(claim, neverAborted),
        );
      } catch (error) {
        // Nothing of it was kept, or all of it: then the claim is stale now.
        if (!isConnectionLoss(error) || tries === maxTries) return this.lateOrThrow(error, claim.strand_id);
      }
    }
  }

  /** Reports a set; one that is refused is settled outcome by outcome. */
  private async report(outcomes: Outcome[], slot: Slot | null, take: Take): Promise<Claim[]> {
    try {
      return await this.engine.complete(outcomes, take, slot);
    } catch (error) {
      const [outcome] = outcomes;
      if (outcomes.length === 1 && outcome) {
        if (isConnectionLoss(error)) return this.engine.complete(outcomes, take, slot);
        if (outcome.status !== 'failed' && isUnstorable(error)) {
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
const maxTries = 3;
