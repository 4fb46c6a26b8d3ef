import type { Connections } from '../../shared/database/connect.ts';
import type { Claim, Outcome, Slot } from './claim.ts';
import type { Sql, Transaction } from './database.ts';

/** How a successor is taken: leased for the caller, or left in the queue. */
export type Take = 'claim' | 'queue';

/** The engine's SQL functions, one method each. What runs next is decided there, never here. */
export class Engine {
  constructor(private readonly connections: Connections) {}

  get sql(): Sql {
    return this.connections.sql;
  }

  async acquireSlot(): Promise<Slot | null> {
    const [row] = await this.sql<{ slot: Slot | null }[]>`select workflow.acquire_slot() as slot`;
    return row?.slot ?? null;
  }

  /** @returns false when the slot belongs to another chain by now */
  async holdSlot(slot: Slot): Promise<boolean> {
    const [row] = await this.sql<
      { held: boolean }[]
    >`select workflow.hold_slot(${slot.id}, ${slot.token}) as held`;
    return row?.held ?? false;
  }

  async retire(slot: Slot): Promise<{ retired: boolean; timer_ms: number | null }> {
    const [row] = await this.sql<{ answer: { retired: boolean; timer_ms: number | null } }[]>`
      select workflow.retire(${slot.id}, ${slot.token}) as answer`;
    return row?.answer ?? { retired: true, timer_ms: null };
  }

  async claim(limit: number, slot: Slot | null): Promise<Claim[]> {
    const [row] = await this.sql<{ claims: Claim[] }[]>`
      select workflow.claim_steps(${limit}, ${slot?.id ?? null}) as claims`;
    return row?.claims ?? [];
  }

  /** Reports outcomes. @throws a Postgres error with detail `stale_claim` when one is not held any more */
  async complete(
    outcomes: Outcome[],
    take: Take,
    slot: Slot | null,
    on: Sql | Transaction = this.sql,
  ): Promise<Claim[]> {
    const [row] = await on<{ claims: Claim[] }[]>`
      select workflow.complete_steps(${on.json(outcomes as never)}, ${take}, ${slot?.id ?? null}) as claims`;
    return row?.claims ?? [];
  }

  async giveBack(claims: Claim[]): Promise<void> {
    const held = claims.map(({ strand_id, token }) => ({ strand_id, token }));
    await this.sql`select workflow.give_back(${this.sql.json(held)})`;
  }

  /** Whether the step is still to be run: its execution or branch may have been cancelled meanwhile. */
  async isWanted({ strand_id, token }: Claim): Promise<boolean> {
    const [row] = await this.sql<
      { wanted: boolean }[]
    >`select workflow.is_wanted(${strand_id}, ${token}) as wanted`;
    return row?.wanted ?? false;
  }

  /** After a refused outcome: lets a step of an ended execution end too. */
  async abandon(strandId: string): Promise<void> {
    await this.sql`select workflow.abandon_steps(array[${strandId}]::uuid[])`;
  }

  /** Whether there is a whole set of ready work, and a free slot for another chain. */
  async wantsHelp(setSize: number): Promise<boolean> {
    const [row] = await this.sql<{ wanted: boolean }[]>`
      select workflow.has_ready_work(${setSize}) and workflow.has_free_slot() as wanted`;
    return row?.wanted ?? false;
  }
}

/** Whether an error says that the claim is held by somebody else now. */
export function isStaleClaim(error: unknown): boolean {
  return (error as { detail?: string } | null)?.detail === 'stale_claim';
}

/** Whether the connection, not the statement, failed: what was under way was rolled back, or committed unseen. */
export function isConnectionLoss(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^(08|57P|CONNECT|ECONN|EPIPE)/.test(code);
}

/** Whether Postgres cannot hold a value, such as text with a null character. */
export function isUnstorable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('22');
}
