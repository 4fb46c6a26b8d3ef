import type { Connections } from '../../shared/database/connect.ts';
import {
  type Deliveries,
  type DeliveryRow,
  type Draft,
  defaultSettings,
  type NotificationSettings,
  type Settlement,
  type TemplateText,
} from '../../shared/notifications/index.ts';
import type { Claim } from './claim.ts';
import { persist } from './persist.ts';

interface Found {
  texts: TemplateText[];
  settings: NotificationSettings | null;
}

/** The delivery log, for the step in this worker's hands. */
export class DeliveryLog implements Deliveries {
  constructor(
    private readonly connections: Connections,
    private readonly claim: Pick<Claim, 'strand_id' | 'token' | 'organization_id'>,
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

  template(id: string): Promise<{ texts: TemplateText[]; settings: NotificationSettings }> {
    return persist(async () => {
      const [answer] = await this.connections.sql<{ found: Found }[]>`
        select workflow.notification_texts(${this.claim.organization_id}, ${id}) as found`;
      return { texts: answer?.found.texts ?? [], settings: answer?.found.settings ?? defaultSettings };
    });
  }

  async settle(channel: string, { id, attempts }: DeliveryRow, settlement: Settlement): Promise<void> {
    await persist(() => {
      const { sql } = this.connections;
      return sql`select workflow.settle_delivery(${channel}, ${id}, ${attempts}, ${sql.json(settlement as never)})`;
    });
  }
}
