import { misconfigured } from './errors.ts';

/** What a service account's key file holds of use here. */
export interface ServiceAccount {
  project_id: string;
  client_email: string;
  private_key: string;
  private_key_id?: string;
  token_uri?: string;
}

/** Seconds before its end at which a token is replaced. */
const margin = 60;
const tokens = new Map<string, { token: string; until: number }>();

/** An answer of Google's token endpoint other than a token. */
export class TokenRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws StepError `integration_misconfigured` */
export function readServiceAccount(variable: string, text: string): ServiceAccount {
  const hint =
    'Paste the JSON key of a service account: Firebase console, project settings, service accounts.';
  let account: Partial<ServiceAccount>;
  try {
    account = JSON.parse(text) as Partial<ServiceAccount>;
  } catch {
    throw misconfigured(variable, `${variable} is no JSON.`, hint);
  }
  const { project_id, client_email, private_key } = account;
  if (project_id && client_email && private_key) return account as ServiceAccount;
  throw misconfigured(variable, `${variable} lacks project_id, client_email or private_key.`, hint);
}

/**
 * An access token for a service account, kept for as long as it is valid: the grant is a JWT signed with
 * the account's key (RFC 7523).
 *
 * @throws TokenRefusal when Google does not accept the account, StepError when its key cannot be read
 */
export async function accessToken(
  variable: string,
  account: ServiceAccount,
  scope: string,
  signal: AbortSignal,
): Promise<string> {
  const { client_email, private_key, private_key_id, token_uri } = account;
  const name = `${client_email} ${private_key_id} ${scope}`;
  const kept = tokens.get(name);
  const now = Math.floor(Date.now() / 1_000);
  if (kept && kept.until > now + margin) return kept.token;
  const { importPKCS8, SignJWT } = await import('jose');
  const key = await importPKCS8(private_key, 'RS256').catch(() => {
    const hint = 'Paste the key file as it is, with its line breaks written as \\n.';
    throw misconfigured(variable, `The private_key in ${variable} cannot be read.`, hint);
  });
  const audience = token_uri ?? 'https://oauth2.googleapis.com/token';
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(private_key_id ? { kid: private_key_id } : {}) })
    .setIssuer(client_email)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + 3_600)
    .sign(key);
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  const response = await fetch(audience, { method: 'POST', body: new URLSearchParams(grant), signal });
  const body = (await response.json().catch(() => ({}))) as TokenAnswer;
  if (!response.ok || !body.access_token) {
    throw new TokenRefusal(response.status, body.error_description ?? body.error ?? 'no token');
  }
  tokens.set(name, { token: body.access_token, until: now + (body.expires_in ?? 3_600) });
  return body.access_token;
}

interface TokenAnswer {
  access_token?: string;
  expires_in?: number;
  error?: string;
  error_description?: string;
}

/** Forgets the tokens of an account, once one of them was refused. */
export function forgetTokens({ client_email }: ServiceAccount): void {
  for (const name of tokens.keys()) if (name.startsWith(`${client_email} `)) tokens.delete(name);
}
