import type { Json } from './errors.ts';

const CREDENTIAL =
  /authorization|cookie|passw(or)?d|passphrase|secret|token|api[-_]?key|credential|signature|private[-_]?key/i;

/** A copy in which texts under a name that speaks of a credential are hidden. */
export function redact(value: Json): Json {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      typeof item === 'string' && CREDENTIAL.test(name) ? '[redacted]' : redact(item),
    ]),
  );
}
