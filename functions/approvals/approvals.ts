import type { Connections } from '../../shared/database/connect.ts';

/** What Postgres says about a token: text of JSON, so that no digit of it is lost on the way. */
export class Approvals {
  constructor(private readonly connections: Connections) {}

  /** The request as its page shows it. @throws PostgresError with a code of docs/errors.md as `detail` */
  async show(token: string): Promise<string> {
    const [row] = await this.connections.sql<{ shown: string }[]>`
      select workflow.show_approval(${token})::text as shown`;
    return row?.shown ?? 'null';
  }

  /**
   * Decides as the person of the token.
   *
   * @param from where the decision comes from, for the audit log
   * @returns the request after it
   * @throws PostgresError with a code of docs/errors.md as `detail`
   */
  async decide(
    token: string,
    { decision, comment }: { decision: string; comment: string | null },
    from: { ip: string | null; user_agent: string | null },
  ): Promise<string> {
    const { sql } = this.connections;
    const [row] = await sql<{ shown: string }[]>`
      select workflow.decide_approval(${token}, ${decision}, ${comment}, ${sql.json(from)})::text as shown`;
    return row?.shown ?? 'null';
  }
}
