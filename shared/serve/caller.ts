import { parseAddress } from '../http/ip.ts';

/** As hosted: what callers send under this name themselves does not come through. */
const DEFAULT_HEADER = 'cf-connecting-ip';

/**
 * The address a request comes from, as the gateway says in the header that `WORKFLOW_CLIENT_IP_HEADER` names.
 * Of a list the last counts: the gateway's own entry, while the others are what the caller claims.
 *
 * @returns null where it does not say
 */
export function callerAddress(
  headers: Headers,
  env: { get(name: string): string | undefined },
): string | null {
  const name = env.get('WORKFLOW_CLIENT_IP_HEADER') ?? DEFAULT_HEADER;
  const text = headers.get(name)?.split(',').at(-1)?.trim() ?? '';
  const address = parseAddress(text);
  if (!address) return null;
  if (address.bits === 128) return text.replace(/%.*$/, '');
  // An IPv4 address may come inside IPv6, where no IPv4 range would hold it.
  return [24n, 16n, 8n, 0n].map((shift) => (address.value >> shift) & 0xffn).join('.');
}
