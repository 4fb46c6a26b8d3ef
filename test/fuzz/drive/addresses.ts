import type { Sql } from 'postgres';
import type { Claim } from '../../../functions/worker/claim.ts';
import { addressOf } from '../interpret/step-run.ts';
import { type Row, stepRows } from './rows.ts';

/** Addresses of an execution's step runs by their ids. */
export class Addresses {
  private readonly known = new Map<string, string>();

  constructor(
    private readonly sql: Sql,
    private readonly executionId: string,
  ) {}

  /** The address of a step run, read from the database the first time. */
  async find(stepRunId: string): Promise<string> {
    if (!this.known.has(stepRunId)) this.learn(await stepRows(this.sql, this.executionId));
    const address = this.known.get(stepRunId);
    if (address === undefined) throw new Error(`There is no step run ${stepRunId}.`);
    return address;
  }

  /** Spares a look where the claim tells enough: on the main line a step's path is its address. */
  note({ step_run_id, strand_id, path }: Claim): void {
    if (strand_id === this.executionId) this.known.set(step_run_id, path);
  }

  /** The id of a step run that has been asked for before. */
  idOf(address: string): string {
    for (const [id, known] of this.known) if (known === address) return id;
    throw new Error(`No worker has run ${address}.`);
  }

  /** @returns the addresses of these rows, in their order */
  learn(rows: readonly Row[]): string[] {
    const byId = new Map(rows.map((row) => [row.id, row]));
    const addressFor = (row: Row): string => {
      const around = byId.get(row.scope_id);
      const address = addressOf({ ...row, scope: around ? addressFor(around) : '' });
      this.known.set(row.id, address);
      return address;
    };
    return rows.map(addressFor);
  }
}
