import type { Tables } from './database.types.ts';
import { dataOf, rowOf, WorkflowError } from './error.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';

/** A secret without its value, which nobody reads back. */
export type Secret = Tables<'workflow_secrets'>;

/** An organisation's secrets by name; editors see them. @throws WorkflowError */
export async function listSecrets(supabase: AnySupabaseClient, organizationId: string): Promise<Secret[]> {
  const secrets = engineClient(supabase).from('workflow_secrets');
  return dataOf(secrets.select().eq('organization_id', organizationId).order('name'));
}

/**
 * Stores a secret under a name, or another value of it. Admins may.
 *
 * @param name like `CRM_API_KEY`
 * @param value goes to Vault
 * @param options.allowedHosts hosts that may be sent it, such as `api.example.com`; as they were when left out
 * @throws WorkflowError `not_an_admin`, `empty_secret`, `check_violation` for a name that is none
 */
export async function setSecret(
  supabase: AnySupabaseClient,
  organizationId: string,
  name: string,
  value: string,
  { allowedHosts }: { allowedHosts?: string[] } = {},
): Promise<void> {
  const secret = { organization_id: organizationId, name, value };
  const hosts = allowedHosts === undefined ? {} : { allowed_hosts: allowedHosts };
  await dataOf(engineClient(supabase).rpc('set_workflow_secret', { ...secret, ...hosts }));
}

/** Deletes a secret with its value. Admins may. @throws WorkflowError `secret_not_found`, `not_allowed` */
export async function deleteSecret(
  supabase: AnySupabaseClient,
  organizationId: string,
  name: string,
): Promise<void> {
  const secrets = engineClient(supabase).from('workflow_secrets');
  const gone = secrets.delete().eq('organization_id', organizationId).eq('name', name).select('id');
  if ((await dataOf(gone)).length > 0) return;
  await rowOf(secrets.select('id').eq('organization_id', organizationId).eq('name', name), {
    code: 'secret_not_found',
    message: `There is no secret ${name} here, or you may not see it.`,
    hint: 'Check its name, and the organisation.',
  });
  throw new WorkflowError({
    code: 'not_allowed',
    message: `You may not delete secret ${name}.`,
    hint: 'Sign in as an admin of its organisation.',
  });
}
