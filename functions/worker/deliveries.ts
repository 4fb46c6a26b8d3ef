import type { Connections } from '../../shared/database/connect.ts';
import type { Deliveries, DeliveryRow, Draft, Settlement } from '../../shared/notifications/index.ts';
import type { Claim } from './claim.ts';
import { persist } from './persist.ts';

/** The delivery log, for the step in this worker's hands. */
export class DeliveryLog implements Deliveries {
  constructor(
    private readonly connections: Connections,
    private readonly claim: Pick<Claim, 'strand_id' | 'token'>,
  ) {}

  begin({ channel, ...draft }: Draft): Promise<DeliveryRow> {
    const { strand_id, token } = this.claim;
    return persist(async () => {
      const { sql } = this.connections;
      const [answer] = await sql<{ row: DeliveryRow }[]>`
        select workflow.begin_delivery(${strand_id}, ${token}, ${channel}, ${sql.json(draft as never)}) as row`;
      return answer?.row as DeliveryRow;
    });
  }

  contact(userId: string, channel: string): Promise<string | null> {
    const { strand_id, token } = this.claim;
    return persist(async () => {
      const [answer] = await this.connections.sql<{ contact: string | null }[]>`
        select workflow.member_contact(${strand_id}, ${token}, ${userId}, ${channel}) as contact`;
      return answer?.contact ?? null;
    });
  }

  async settle(channel: string, { id, attempts }: DeliveryRow, settlement: Settlement): Promise<void> {
    await persist(() => {
      const { sql } = this.connections;
      return sql`select workflow.settle_delivery(${channel}, ${id}, ${attempts}, ${sql.json(settlement as never)})`;
    });
  }
}
