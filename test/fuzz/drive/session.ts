import type { Sql } from 'postgres';
import type { Claim } from '../../../functions/worker/claim.ts';
import type { Definition } from '../definition.ts';
import type { Start } from '../generate.ts';
import { Impossible } from '../interpret/impossible.ts';
import type { TimerKind } from '../interpret/timers.ts';
import { Interpreter } from '../interpret.ts';
import { type Script, scriptOf } from '../script.ts';
import { assignments } from './actions.ts';
import { Addresses } from './addresses.ts';
import { decide } from './approvals.ts';

/** One execution on the engine, and what the interpreter makes of all that happens to it. */
export class Session {
  readonly interpreter: Interpreter;
  readonly addresses: Addresses;
  /** All that has happened, to be read. */
  readonly log: string[] = [];
  private readonly script: Script;

  constructor(
    private readonly sql: Sql,
    readonly id: string,
    definition: Definition,
    readonly start: Start,
    seed: string,
  ) {
    this.script = scriptOf(seed, start.odds);
    this.interpreter = new Interpreter(definition, start.input, this.script);
    this.addresses = new Addresses(sql, id);
  }

  /** A worker holds this claim: the script says what it does. */
  async claimed(claim: Claim): Promise<void> {
    this.addresses.note(claim);
    const address = await this.addresses.find(claim.step_run_id);
    assignments.set(claim.step_run_id, { address, script: this.script });
  }

  /** A worker has run it. One whose step was cancelled meanwhile must have changed nothing. */
  async ran(claim: Claim, now: number): Promise<void> {
    const address = await this.addresses.find(claim.step_run_id);
    assignments.delete(claim.step_run_id);
    if (this.interpreter.isCancelled(address)) {
      this.log.push(`${address} ran in vain`);
      return;
    }
    this.log.push(`${address} ran, attempt ${claim.attempt}`);
    this.interpreter.ran(address, claim.attempt, Date.parse(claim.now), now);
  }

  async fired(stepRunId: string, kind: TimerKind, now: number): Promise<void> {
    const address = await this.addresses.find(stepRunId);
    if (this.interpreter.isCancelled(address)) return;
    this.log.push(`${address}: ${kind} timer fired`);
    this.interpreter.fired(address, kind, now);
  }

  /** @throws Impossible when a timer should have fired that has not */
  missNothing(now: number): void {
    const [missed] = this.interpreter.overdue(now);
    if (missed) throw new Impossible(`the ${missed} should have fired by now`);
  }

  /** Approvals whose approver will do something. */
  undecided(): string[] {
    return this.interpreter.undecided().filter((address) => this.script.decision(address) !== 'timeout');
  }

  async decide(address: string, now: number): Promise<void> {
    const decision = this.script.decision(address);
    if (decision === 'timeout') return;
    await decide(this.sql, this.addresses.idOf(address), decision);
    this.log.push(`${address}: ${decision}`);
    this.interpreter.decided(address, decision, now);
  }

  get isToBeCancelled(): boolean {
    const { cancelAfter } = this.start;
    return (
      cancelAfter !== undefined && this.log.length >= cancelAfter && this.interpreter.status === 'running'
    );
  }

  async cancel(): Promise<void> {
    this.log.push('cancelled');
    await this.sql`update public.workflow_executions set status = 'cancelled' where id = ${this.id}`;
    this.interpreter.cancel();
  }
}
