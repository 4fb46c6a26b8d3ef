import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import type { Finding } from '../findings.ts';
import { messageOf } from '../local/errors.ts';
import { runCli } from './cli.ts';

interface Entry {
  verify_jwt?: boolean;
  entrypoint?: string;
  import_map?: string;
}

/** Whether `supabase/config.toml` can be read, and names functions that can be uploaded. */
export function checkConfig(project: string): Finding & { functions: string[] } {
  const folder = join(project, 'supabase');
  const check = 'config';
  let functions: Record<string, Entry>;
  try {
    functions = (parse(readFileSync(join(folder, 'config.toml'), 'utf8')).functions ??
      {}) as typeof functions;
  } catch (error) {
    const hint = 'Correct supabase/config.toml; it is TOML.';
    return { check, status: 'error', value: messageOf(error).split('\n')[0] ?? '', hint, functions: [] };
  }
  const names = Object.keys(functions);
  const faults = Object.entries(functions).flatMap(([name, entry]) => faultsOf(folder, name, entry));
  if (!functions.worker) faults.push('there is no [functions.worker]');
  if (faults.length === 0)
    return { check, status: 'ok', value: `functions: ${names.join(', ')}`, hint: null, functions: names };
  const hint =
    'Each function needs entrypoint = "../functions/<name>/index.ts", import_map = "../deno.json", verify_jwt = false.';
  return { check, status: 'error', value: faults.join('; '), hint, functions: names };
}

function faultsOf(folder: string, name: string, { entrypoint, import_map, verify_jwt }: Entry): string[] {
  const isThere = (path: string | undefined) => path !== undefined && existsSync(resolve(folder, path));
  return [
    ...(isThere(entrypoint) ? [] : [`${name}: the entrypoint ${entrypoint ?? '(none)'} does not exist`]),
    ...(isThere(import_map) ? [] : [`${name}: the import_map ${import_map ?? '(none)'} does not exist`]),
    // They check who calls themselves, and pg_net has no user's token to send.
    ...(name === 'worker' && verify_jwt !== false ? ['worker: verify_jwt is not false'] : []),
  ];
}

/** Whether the CLI may deploy to the project. @returns the names of its secrets, where it may */
export async function checkLogin(ref: string): Promise<Finding & { secrets: string[] }> {
  const { ok, stdout, printed } = await runCli(['secrets', 'list', `--remote=${ref}`, '-o', 'json']);
  const check = 'login';
  if (ok) {
    const secrets = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    return { check, status: 'ok', value: `${ref} may be deployed to`, hint: null, secrets };
  }
  // Node's warnings stand in brackets.
  const problem =
    printed.split('\n').find((line) => line.trim() && !/^(Target:|\()/.test(line)) ?? 'no answer';
  const hint = /token/i.test(problem)
    ? 'npx supabase login, or set SUPABASE_ACCESS_TOKEN to a token of your account.'
    : /\b40[13]\b/.test(problem)
      ? 'The access token is refused: npx supabase login, or make a new token in the dashboard.'
      : /\b404\b/.test(problem)
        ? "There is no such project for this account: take the reference from the dashboard's address."
        : 'Is the network up? https://status.supabase.com tells whether Supabase is.';
  return { check, status: 'error', value: problem, hint, secrets: [] };
}

const needed: Record<string, string[]> = {
  email: ['SENDGRID_API_KEY', 'SENDGRID_FROM_EMAIL'],
  sms: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER'],
  push: ['FIREBASE_SERVICE_ACCOUNT'],
  slack: ['SLACK_BOT_TOKEN'],
};

/** Whether the secrets are set that the channels of published workflows need. */
export function checkSecrets(ref: string, channels: string[], secrets: string[]): Finding {
  const check = 'secrets';
  const missing = channels.flatMap((channel) =>
    (needed[channel] ?? []).filter((name) => !secrets.includes(name)).map((name) => ({ channel, name })),
  );
  if (missing.length === 0) {
    const used = channels.filter((channel) => needed[channel]);
    const value = used.length > 0 ? `those of ${used.join(', ')} are set` : 'no published workflow needs any';
    return { check, status: 'ok', value, hint: null };
  }
  return {
    check,
    status: 'error',
    value: `missing: ${missing.map(({ name, channel }) => `${name} (${channel})`).join(', ')}`,
    hint: `npx supabase secrets set --remote=${ref} ${missing.map(({ name }) => `${name}=…`).join(' ')}`,
  };
}
