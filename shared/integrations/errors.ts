import { StepError } from '../errors.ts';

/** What a provider answered instead of accepting a message. */
export interface Refusal {
  provider: string;
  /** HTTP status; for providers that always say 200, the one it stands for. */
  status: number;
  /** The provider's own words. */
  message: string;
  /** The provider's own code. */
  providerCode?: string | number | undefined;
  retryAfterMs?: number | undefined;
}

/** A variable is missing without which a provider cannot be called. */
export function notConfigured(provider: string, variable: string): StepError {
  return new StepError({
    code: 'integration_not_configured',
    message: `${provider} cannot be used: ${variable} is not set.`,
    hint: `Set ${variable}, on hosted Supabase with \`supabase secrets set ${variable}=…\`.`,
  });
}

/** A variable is there that the provider cannot be called with. */
export function misconfigured(variable: string, message: string, hint: string): StepError {
  return new StepError({ code: 'integration_misconfigured', message, hint, path: variable });
}

/** Nobody answered, or the connection broke: the message may have gone out. */
export function unreachable(provider: string, error: unknown): StepError {
  const { message, code } = error as { message?: string; code?: string };
  return new StepError({
    code: 'provider_unreachable',
    message: `${provider} could not be reached, or broke off: ${code ?? withoutAddress(message)}`,
    hint: 'Give the step a `retry`.',
    retryable: true,
  });
}

/** The address is somebody's who cannot be reached by this provider; another attempt changes nothing. */
export function recipientRefused(refusal: Refusal): StepError {
  return new StepError({
    code: 'recipient_refused',
    message: `${refusal.provider} does not deliver to this recipient: ${refusal.message}`,
    hint: 'Correct the recipient, or take it off the list.',
    path: 'to',
    details: detailsOf(refusal),
  });
}

/** The sender's address or number is not one the account may use. */
export function senderRefused(refusal: Refusal, variable: string): StepError {
  return new StepError({
    code: 'sender_refused',
    message: `${refusal.provider} does not let this account send from ${variable}: ${refusal.message}`,
    hint: `Verify the sender with ${refusal.provider}, or set ${variable} to one that is.`,
    details: detailsOf(refusal),
  });
}

/** The key is wrong, or may not do this. */
export function keyRefused(refusal: Refusal, variable: string): StepError {
  return new StepError({
    code: 'provider_unauthorized',
    message: `${refusal.provider} refuses the key in ${variable}: ${refusal.message}`,
    hint: `Set ${variable} to a valid key that may send messages.`,
    details: detailsOf(refusal),
  });
}

/** Any other answer than success. Too many requests and failures of the provider may be tried again. */
export function refused(refusal: Refusal): StepError {
  const { provider, status, message, retryAfterMs } = refusal;
  const isBusy = status === 429;
  const isDown = status >= 500 || status === 408;
  return new StepError({
    code: isBusy ? 'provider_rate_limited' : isDown ? 'provider_unavailable' : 'provider_refused',
    message: `${provider} answered ${status}: ${message}`,
    hint:
      isBusy || isDown
        ? 'Give the step a `retry`.'
        : 'Correct what the message says; the details have the code.',
    retryable: isBusy || isDown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: detailsOf(refusal),
  });
}

function detailsOf({ provider, status, providerCode }: Refusal) {
  return { provider, status, ...(providerCode === undefined ? {} : { provider_code: providerCode }) };
}

/** An address may hold an account's id or a key. */
function withoutAddress(message = 'no connection'): string {
  return message.replace(/https?:\/\/\S+/g, '…');
}
