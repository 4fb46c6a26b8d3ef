import type { Sql } from 'postgres';
import { APPROVER } from '../generate/containers.ts';

/** Makes the user that every approval asks. */
export async function addApprover(sql: Sql): Promise<void> {
  await sql`insert into auth.users (id, email) values (gen_random_uuid(), ${APPROVER})`;
}

/** Decides an approval, whose request has the step run's id, as the user that was asked. */
export async function decide(sql: Sql, stepRunId: string, decision: 'approve' | 'reject'): Promise<void> {
  await sql`
    insert into public.approval_decisions (request_id, user_id, decision)
    select ${stepRunId}, id, ${decision} from auth.users where email = ${APPROVER}`;
}
