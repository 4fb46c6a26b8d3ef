/** Seconds for which an answer waits at most: below every limit on a request's time. */
export const LONGEST_WAIT = 25;

/**
 * How long the caller prefers to wait for the result (RFC 7240): `wait=10`, or `wait` for as long as possible.
 *
 * @returns seconds; 0 when it does not ask
 */
export function preferredWait(prefer: string | null): number {
  for (const preference of prefer?.split(/[,;]/) ?? []) {
    const wait = /^\s*wait\s*(?:=\s*"?(\d{1,6})"?\s*)?$/i.exec(preference);
    if (wait) return Math.min(Number(wait[1] ?? LONGEST_WAIT), LONGEST_WAIT);
  }
  return 0;
}
