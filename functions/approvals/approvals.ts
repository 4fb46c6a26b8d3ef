import postgres from 'postgres';

/** What Postgres says about a token: text of JSON, so that no digit of it is lost on the way. */
export class Approvals {
  private readonly sql: postgres.Sql;

  /** @throws Error when neither `WORKFLOW_DB_URL` (a transaction pooler) nor `SUPABASE_DB_URL` is set */
  constructor(env: { get(name: string): string | undefined }) {
    const pooled = env.get('WORKFLOW_DB_URL');
    const url = pooled ?? env.get('SUPABASE_DB_URL');
    if (!url)
      throw new Error('Set SUPABASE_DB_URL, or WORKFLOW_DB_URL for a pooler, for the approvals function.');
    this.sql = postgres(url, {
      max: 2,
      prepare: pooled === undefined,
      idle_timeout: 60,
      connect_timeout: 10,
      onnotice: () => {},
      connection: { application_name: 'workflow-approvals' },
    });
  }

  /** The request as its page shows it. @throws PostgresError with a code of docs/errors.md as `detail` */
  async show(token: string): Promise<string> {
    const [row] = await this.sql<{ shown: string }[]>`select workflow.show_approval(${token})::text as shown`;
    return row?.shown ?? 'null';
  }

  /**
   * Decides as the person of the token.
   *
   * @param headers from where the decision comes, for the audit log
   * @returns the request after it
   * @throws PostgresError with a code of docs/errors.md as `detail`
   */
  async decide(
    token: string,
    { decision, comment }: { decision: string; comment: string | null },
    headers: { [name: string]: string },
  ): Promise<string> {
    const [row] = await this.sql<{ shown: string }[]>`
      select workflow.decide_approval(${token}, ${decision}, ${comment}, ${this.sql.json(headers)})::text as shown`;
    return row?.shown ?? 'null';
  }
}
