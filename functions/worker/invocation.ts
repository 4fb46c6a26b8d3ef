import type { Claim, Slot } from './claim.ts';
import { crashPoint } from './crash-points.ts';
import type { Engine } from './engine.ts';
import type { Runner } from './run.ts';

/** What one invocation is called with: nothing (a wake-up), a chain's slot and claimed steps, or for test runs. */
export interface Handover {
  /** Test runs wait: they need no slot. */
  test?: boolean;
  slot?: Slot;
  claims?: Claim[];
}

/** Passes work on to the next invocation. @returns whether it was accepted */
export type HandOver = (handover: Handover) => Promise<boolean>;

const lingerMs = 1_200;
const pollMs = 25;
/** Every so often a lingering chain shows that it still holds its slot, which lasts 10 s. */
const holdMs = 4_000;
const wallBudgetMs = 60_000;
const stepBudget = 500;

const sleep = (milliseconds: number) => new Promise<void>((wake) => setTimeout(wake, milliseconds));

/**
 * One invocation of the worker: a link of a chain.
 *
 * It runs what it was handed, or what it finds in the queue. With one step per invocation it then
 * hands the claimed successor to the next invocation and ends; when draining it goes on in sets until
 * its budget is used up. The last link lingers, because pg_net pauses after each batch: work that
 * arrives within that second is picked up here.
 */
export class Invocation {
  private stepsRun = 0;
  private readonly startedAt = Date.now();

  constructor(
    private readonly engine: Engine,
    private readonly runner: Runner,
    private readonly handOver: HandOver,
  ) {}

  async run(handover: Handover): Promise<void> {
    const slot = handover.slot ?? (await this.engine.acquireSlot());
    if (!slot) return;
    let claims = handover.claims ?? (await this.claim(slot));
    while (true) {
      if (claims.length === 0) {
        claims = await this.linger(slot);
        if (claims.length === 0) return;
      }
      if (this.isSpent(slot) && (await this.handOver({ slot, claims }))) return;
      this.stepsRun += claims.length;
      const successors = await this.runner.run(claims, slot, 'claim');
      crashPoint('after_commit');
      claims = successors.length > 0 || this.isSpent(slot) ? successors : await this.claim(slot);
      if (claims.length < slot.steps_per_invocation && slot.steps_per_invocation > 1 && claims.length > 0) {
        claims.push(...(await this.engine.claim(slot.steps_per_invocation - claims.length, slot)));
      }
    }
  }

  /** Whether this invocation has done its share and the next one should go on. */
  private isSpent(slot: Slot): boolean {
    if (slot.steps_per_invocation === 1) return this.stepsRun > 0;
    return this.stepsRun >= stepBudget || Date.now() - this.startedAt >= wallBudgetMs;
  }

  /** Claims from the queue, and starts another chain when there is more than this one takes. */
  private async claim(slot: Slot): Promise<Claim[]> {
    const claims = await this.engine.claim(slot.steps_per_invocation, slot);
    if (claims.length === slot.steps_per_invocation) void this.callHelp(slot.steps_per_invocation);
    return claims;
  }

  /** Beside the claimed steps, not before them: starting another chain may fail, the sweep will start one. */
  private async callHelp(setSize: number): Promise<void> {
    const isWanted = await this.engine.wantsHelp(setSize).catch(() => false);
    if (isWanted) await this.handOver({});
  }

  /** Waits for work; returns none once the slot is given up. */
  private async linger(slot: Slot): Promise<Claim[]> {
    if (!(await this.engine.holdSlot(slot))) return [];
    let heldAt = Date.now();
    let until = Date.now() + lingerMs;
    while (true) {
      const claims = await this.claim(slot);
      if (claims.length > 0) return claims;
      if (Date.now() >= until) {
        const { retired, timer_ms } = await this.engine.retire(slot);
        if (retired) return [];
        // The next invocation goes on waiting for timers: this one has had its share of wall time.
        if (Date.now() - this.startedAt >= wallBudgetMs && (await this.handOver({ slot }))) return [];
        until = Date.now() + (timer_ms ?? 0);
      }
      if (Date.now() - heldAt >= holdMs) {
        if (!(await this.engine.holdSlot(slot))) return [];
        heldAt = Date.now();
      }
      await sleep(pollMs);
    }
  }
}
