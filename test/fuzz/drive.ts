/** Runs a generated workflow on the real engine, and tells the interpreter everything that happens. */
import type { Claim } from '../../functions/worker/claim.ts';
import { pick } from '../chaos/random.ts';
import { publish, start } from '../support/engine.ts';
import type { Lab } from './drive/lab.ts';
import { Session } from './drive/session.ts';
import type { Generated } from './generate.ts';
import type { TimerKind } from './interpret/timers.ts';

const mostRounds = 5_000;

interface Due {
  execution_id: string;
  step_id: string;
  kind: TimerKind;
}

/** One workflow's executions, all at a time, in an order that chance decides. */
export class Drive {
  readonly sessions: Session[] = [];
  private hand: Claim[] = [];

  constructor(
    private readonly lab: Lab,
    private readonly random: () => number,
  ) {}

  async begin({ definition, executions }: Generated, seed: number): Promise<void> {
    const { sql } = this.lab.engine;
    const workflow = await publish(sql, definition as never);
    for (const [index, one] of executions.entries()) {
      const id = await start(sql, workflow, one.input as object);
      this.sessions.push(new Session(sql, id, definition, one, `${seed}/${index}`));
    }
  }

  /** Until nothing is left to happen. @throws Impossible when something happens that must not */
  async run(): Promise<void> {
    let idle = 0;
    for (let round = 0; idle < 3; round += 1) {
      if (round === mostRounds) throw new Error(`It has not ended after ${mostRounds} rounds.`);
      idle = (await this.round()) ? 0 : idle + 1;
    }
  }

  /** @returns whether there was anything to do */
  private async round(): Promise<boolean> {
    for (const session of this.sessions) if (session.isToBeCancelled) await session.cancel();
    this.lab.clock.tick();
    if (this.chance(0.05) && (await this.somethingOutside())) return true;
    if (this.hand.length > 0 && this.chance(0.7)) return this.work();
    const found = await this.claim(1 + Math.floor(this.random() * 4));
    return found || this.hand.length > 0 || (await this.somethingOutside());
  }

  /** A worker runs some of what it holds: in one set at most one step of each execution. */
  private async work(): Promise<boolean> {
    const set: Claim[] = [];
    for (const claim of shuffle(this.hand, this.random)) {
      const isAlone = !set.some((other) => other.execution_id === claim.execution_id);
      if (set.length === 0 || (isAlone && this.chance(0.6))) set.push(claim);
    }
    this.hand = this.hand.filter((claim) => !set.includes(claim));
    if (this.chance(0.03)) return this.giveUp(set);
    const successors = await this.lab.runner.run(set, null, this.chance(0.8) ? 'claim' : 'queue');
    for (const claim of set) await this.sessionOf(claim.execution_id).ran(claim, this.lab.clock.now);
    await this.take(successors);
    return true;
  }

  /** It gives its claims back, or dies and loses its leases: either way somebody else runs the steps. */
  private async giveUp(set: Claim[]): Promise<boolean> {
    const { engine } = this.lab;
    if (this.chance(0.5)) await engine.giveBack(set);
    else {
      await engine.sql`
        update workflow.leases set expires_at = clock_timestamp() - interval '1 second'
        where strand_id = any (${set.map(({ strand_id }) => strand_id)})`;
    }
    return true;
  }

  /** Claims what is ready; timers that are due fire first. */
  private async claim(limit: number): Promise<boolean> {
    const { engine } = this.lab;
    let due = await this.due();
    const found = due.length > 0;
    for (; isAmbiguous(due); due = await this.due()) {
      await engine.sql`select workflow.fire_timers(1)`;
      await this.fired(due.slice(0, 1));
    }
    const claims = await engine.claim(limit, null);
    await this.fired(due);
    await this.take(claims);
    return found || claims.length > 0;
  }

  private due = () => this.lab.engine.sql<Due[]>`
    select execution_id, step_id, kind from workflow.timers where due_at <= workflow.now() order by due_at, id`;

  private async fired(timers: readonly Due[]): Promise<void> {
    for (const { execution_id, step_id, kind } of timers) {
      await this.sessionOf(execution_id).fired(step_id, kind, this.lab.clock.now);
    }
  }

  /** An approver decides, or time passes until a timer is due. */
  private async somethingOutside(): Promise<boolean> {
    const { clock } = this.lab;
    const asked = this.sessions.flatMap((session) =>
      session.undecided().map((address) => ({ session, address })),
    );
    const one = pick(asked, this.random);
    if (one && this.chance(0.8)) {
      await one.session.decide(one.address, clock.now);
      return true;
    }
    const before = clock.now;
    const hasTimer = await clock.moveToNextTimer();
    // It has gone to the engine's earliest timer, so none of the interpreter's may be earlier.
    if (clock.now > before) for (const session of this.sessions) session.missNothing(clock.now);
    return hasTimer;
  }

  private async take(claims: Claim[]): Promise<void> {
    for (const claim of claims) await this.sessionOf(claim.execution_id).claimed(claim);
    this.hand.push(...claims);
  }

  private sessionOf(executionId: string): Session {
    const session = this.sessions.find(({ id }) => id === executionId);
    if (!session) throw new Error(`Execution ${executionId} is not of this workflow.`);
    return session;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }
}

/** Two timers of one execution that fire at once may each undo the other: which does is not determined. */
function isAmbiguous(due: readonly Due[]): boolean {
  return new Set(due.map(({ execution_id }) => execution_id)).size < due.length;
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
