import type { Roots } from '../../shared/steps/index.ts';
import type { Claim } from './claim.ts';
import type { Sql } from './database.ts';
import type { Version } from './versions.ts';

/** What a claimed step of type `message` is to send, read at the last moment; nothing for all other types. */
export async function messageOf(sql: Sql, claim: Claim, { steps }: Version): Promise<Roots> {
  if (steps.get(claim.path)?.plan.type !== 'message') return {};
  const [row] = await sql<{ message: unknown }[]>`
    select workflow.describe_message(${claim.strand_id}, ${claim.token}) as message`;
  return { message: row?.message ?? { recipients: [] } };
}
