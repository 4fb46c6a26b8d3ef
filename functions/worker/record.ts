import { StepError } from '../../shared/errors.ts';
import type { Claim } from './claim.ts';
import { type Sql, send } from './database.ts';
import type { Version } from './versions.ts';

/**
 * Re-reads the record that started an execution as the user the workflow runs as: the trigger saw it
 * with the engine's rights, the workflow may not. Only the first step of an event execution is checked,
 * and a deleted record cannot be.
 *
 * @throws StepError `record_not_visible`
 */
export async function verifyRecord(sql: Sql, claim: Claim, { runAs, ...version }: Version): Promise<void> {
  if (runAs === null || claim.path !== version.first) return;
  const { type, operation } = claim.trigger as { type?: string; operation?: string };
  if (type !== 'event' || operation === 'DELETE') return;
  const visible = await sql.begin(async (tx) => {
    void send(tx`select workflow.assume_user(${runAs}, ${claim.organization_id})`);
    void send(tx`set local role authenticated`);
    const [row] = await tx<{ visible: boolean }[]>`
      select workflow.record_is_visible(${tx.json(claim.trigger as never)}) as visible`;
    return row?.visible ?? false;
  });
  if (!visible) {
    throw new StepError({
      code: 'record_not_visible',
      message: 'The user this workflow runs as cannot see the record that started it, or it is gone.',
      hint: "Check the table's row-level security for that user, or publish the workflow as a user who sees the record.",
    });
  }
}
