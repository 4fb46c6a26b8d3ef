import type { Connections } from '../../shared/database/connect.ts';
import type { Claim } from './claim.ts';
import type { Transaction } from './database.ts';
import { Engine } from './engine.ts';
import { describeError } from './failure.ts';
import type { HandOver } from './invocation.ts';
import { Members } from './members.ts';
import { OneTransaction } from './one-transaction.ts';
import { isTransient } from './persist.ts';
import { type Mocks, Rehearsal } from './rehearsal.ts';
import { Runner } from './run.ts';
import { Versions } from './versions.ts';

/** A test run in this worker's hands, as workflow.claim_test tells it. */
interface HeldTest {
  execution_id: string;
  /** Fences: what any other worker finds out is not written. */
  token: string;
  mocks: Mocks;
  /** How long it may take, in milliseconds. */
  limit_ms: number;
}

/** What a test run came to, as text: numbers keep all of their digits on the way through this worker. */
type Result = string;

const askEveryMs = 1_000;
/** What a step that is cut short ends behind the time of its test run. */
const slackMs = 10;

/**
 * Plays test runs, one per invocation: the whole execution in one transaction, which is rolled back. What it
 * came to is written in a second one. A worker that dies leaves nothing but a lease that runs out.
 */
export class TestRuns {
  constructor(
    private readonly connections: Connections,
    private readonly handOver: HandOver,
  ) {}

  /** Plays the oldest test run that waits, and leaves the next to another invocation. */
  async run(): Promise<void> {
    let isWaiting = true;
    while (isWaiting) {
      const held = await this.claim();
      if (!held) return;
      isWaiting = await this.finish(held, await this.resultOf(held));
      if (isWaiting && (await this.handOver({ test: true }))) return;
    }
  }

  private async claim(): Promise<HeldTest | null> {
    const [row] = await this.connections.sql<
      { held: HeldTest | null }[]
    >`select workflow.claim_test() as held`;
    return row?.held ?? null;
  }

  private async finish({ execution_id, token }: HeldTest, result: Result): Promise<boolean> {
    const [row] = await this.connections.sql<{ waiting: boolean }[]>`
      select workflow.finish_test(${execution_id}, ${token}, ${result}::text::jsonb) as waiting`;
    return row?.waiting ?? false;
  }

  /** Errors that say nothing about the run itself leave it to its lease, unless its time is over anyway. */
  private async resultOf(held: HeldTest): Promise<Result> {
    const watch = new Watch(this.connections, held);
    try {
      return await this.rehearse(held, watch);
    } catch (error) {
      if (watch.leftMs() <= 0) return JSON.stringify({ status: 'failed' });
      if (isTransient(error)) throw error;
      return JSON.stringify({ status: 'failed', error: describeError(error) });
    } finally {
      watch.stop();
    }
  }

  private async rehearse(held: HeldTest, watch: Watch): Promise<Result> {
    let result: Result = '';
    try {
      await this.connections.sql.begin(async (tx) => {
        result = await play(tx, held, watch);
        throw rolledBack;
      });
    } catch (error) {
      if (error !== rolledBack) throw error;
    }
    return result;
  }
}

/** Ends the transaction of a test run. */
const rolledBack = new Error('The test run is rolled back.');

/** The test run's own machine: claims, runs, completes, until the database has nothing more to run. */
async function play(tx: Transaction, held: HeldTest, watch: Watch): Promise<Result> {
  const [begun] = await tx<{ copy: string }[]>`
    select workflow.begin_test(${held.execution_id}, ${held.token}) as copy`;
  const copy = begun?.copy as string;
  const engine = new TestEngine(new OneTransaction(tx), watch);
  const runner = new Runner(
    engine,
    new Versions(engine),
    new Members(engine),
    undefined,
    new Rehearsal(held.mocks),
  );
  let claims = await engine.nextSteps(copy);
  while (claims.length > 0 && watch.goesOn()) {
    const played = claims.map((claim) => ({
      ...claim,
      execution_id: held.execution_id,
      timeout_ms: Math.min(claim.timeout_ms, watch.leftMs() + slackMs),
    }));
    claims = await runner.run(played, null, 'claim');
    if (claims.length === 0) claims = await engine.nextSteps(copy);
  }
  const [captured] = await tx<{ result: Result }[]>`
    select workflow.capture_test(${copy}, ${watch.leftMs() <= 0})::text as result`;
  return captured?.result as Result;
}

/** How long a test run may still take, and whether anybody still wants it. */
class Watch {
  private isWanted = true;
  private readonly endsAt: number;
  private readonly asking: ReturnType<typeof setInterval>;

  constructor(
    private readonly connections: Connections,
    private readonly held: HeldTest,
  ) {
    this.endsAt = Date.now() + held.limit_ms;
    this.asking = setInterval(() => void this.ask().catch(() => {}), askEveryMs);
  }

  /** Asks outside of the test run's transaction. */
  async ask(): Promise<boolean> {
    const { execution_id, token } = this.held;
    const [row] = await this.connections.sql<{ wanted: boolean }[]>`
      select workflow.is_test_wanted(${execution_id}, ${token}) as wanted`;
    this.isWanted = row?.wanted ?? false;
    return this.isWanted;
  }

  leftMs(): number {
    return this.endsAt - Date.now();
  }

  goesOn(): boolean {
    return this.isWanted && this.leftMs() > 0;
  }

  stop(): void {
    clearInterval(this.asking);
  }
}

/** The engine inside a test run's transaction. */
class TestEngine extends Engine {
  constructor(
    connections: Connections,
    private readonly watch: Watch,
  ) {
    super(connections);
  }

  override isWanted(): Promise<boolean> {
    return this.watch.ask();
  }

  async nextSteps(copy: string): Promise<Claim[]> {
    const [row] = await this.sql<{ claims: Claim[] }[]>`select workflow.next_test_steps(${copy}) as claims`;
    return row?.claims ?? [];
  }
}
