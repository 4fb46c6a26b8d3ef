import type { Sql } from 'postgres';
import { send } from '../../../functions/worker/database.ts';

const beginning = Date.parse('2030-01-01T00:00:00Z');

/** The engine's clock, moved by `clock_offset` alone: between moves it stands still. */
export class Clock {
  private offset = 0;

  private constructor(private readonly sql: Sql) {}

  /** Stops the clock of this database. */
  static async stop(sql: Sql): Promise<Clock> {
    await sql`create or replace function workflow.now() returns timestamptz
      language plpgsql stable parallel safe set search_path = '' as $$
      begin
        return (select timestamptz '2030-01-01 00:00:00Z' + clock_offset from workflow.settings);
      end $$`;
    await sql`update workflow.settings set clock_offset = '0'`;
    return new Clock(sql);
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return beginning + this.offset;
  }

  /** Back to the beginning: what a workflow does must not depend on those before it. */
  reset(): void {
    this.moveTo(beginning);
  }

  /** Does not wait for the database: what is sent next comes after it. */
  tick(): void {
    this.moveTo(this.now + 1);
  }

  /** Goes on to the next timer. @returns false when there is none */
  async moveToNextTimer(): Promise<boolean> {
    const [row] = await this.sql<{ due: number | null }[]>`
      select ceil(extract(epoch from min(due_at)) * 1000)::float8 as due from workflow.timers`;
    if (row?.due == null) return false;
    this.moveTo(Math.max(row.due, this.now));
    return true;
  }

  private moveTo(moment: number): void {
    this.offset = moment - beginning;
    const seconds = this.offset / 1_000;
    void send(
      this.sql`update workflow.settings set clock_offset = make_interval(secs => ${seconds}::float8)`,
    );
  }
}
