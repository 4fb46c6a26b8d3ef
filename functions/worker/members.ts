import type { Connections } from '../../shared/database/connect.ts';
import type { HandlerKind } from '../../shared/definition/plan.ts';
import type { Claim } from './claim.ts';
import type { Version } from './versions.ts';

/** Milliseconds for which steps that touch nothing rely on a membership that was seen. */
const keptMs = 5_000;
const maxKept = 1_000;

interface Seen {
  at: number;
  membership: Promise<unknown>;
}

/**
 * Whether the users that workflows run as are members still. A step is its publisher's, and ends with their
 * membership: a call to the outside asks each time; a pure step, which can neither read nor write, asks once
 * in five seconds per user and organisation, so that it costs no round trip. Database actions need no such
 * look: their transaction takes on the user itself.
 */
export class Members {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly connections: Connections,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws a Postgres error with detail `run_as_not_member` */
  async verify(claim: Claim, { runAs }: Pick<Version, 'runAs'>, kind: HandlerKind): Promise<void> {
    if (runAs === null || kind === 'database') return;
    const key = `${runAs} ${claim.organization_id}`;
    const known = this.seen.get(key);
    const isFresh = known !== undefined && this.now() - known.at < keptMs;
    await (kind === 'pure' && isFresh ? known.membership : this.look(key, runAs, claim.organization_id));
  }

  private look(key: string, runAs: string, organizationId: string): Promise<unknown> {
    const { sql } = this.connections;
    const membership = sql`select workflow.assume_user(${runAs}, ${organizationId})`.then(() => {});
    const seen = { at: this.now(), membership };
    this.seen.delete(key);
    this.seen.set(key, seen);
    membership.catch(() => {
      if (this.seen.get(key) === seen) this.seen.delete(key);
    });
    const [oldest] = this.seen.keys();
    if (this.seen.size > maxKept && oldest !== undefined) this.seen.delete(oldest);
    return membership;
  }
}
