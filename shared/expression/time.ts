const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** A duration of the format's; the digits are bounded so that no sum leaves Postgres' range of timestamps. */
export const DURATION_PATTERN = /^(?=\d)(\d{1,4}w)?(\d{1,5}d)?(\d{1,6}h)?(\d{1,7}m)?(\d{1,9}s)?(\d{1,9}ms)?$/;
const TIMESTAMP =
  /^(?!0000)(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?$/;

/**
 * Reads a duration such as `30s`, `15m`, `3d`, `1h30m` or `-3d` (units w, d, h, m, s, ms, each at most once, in this order).
 * @returns milliseconds, or undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith('-');
  const match = DURATION_PATTERN.exec(negative ? text.slice(1) : text);
  if (!match) return undefined;
  let total = 0;
  for (const [i, unit] of Object.values(UNITS).entries())
    total += Number.parseInt(match[i + 1] ?? '0', 10) * unit;
  return negative && total > 0 ? -total : total;
}

/** Writes milliseconds as the shortest text that `parseDuration` reads back. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.abs(Math.round(milliseconds));
  let text = '';
  for (const [unit, size] of Object.entries(UNITS)) {
    if (unit === 'w' || rest < size) continue;
    text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  if (text === '') return '0s';
  return milliseconds < 0 ? `-${text}` : text;
}

/**
 * Reads a timestamp or date as Postgres writes it into JSON (ISO 8601, `T` or a space, zone optional).
 * Without a zone it is UTC; a date is its midnight.
 * @returns microseconds since 1970, or undefined when the text is no timestamp
 */
export function parseTimestampMicros(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined;
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
  return (date.getTime() - zoneOffset(zone)) * 1000 + micros;
}

/** Reads a timestamp as `parseTimestampMicros` does, in milliseconds since 1970. */
export function parseTimestamp(text: string): number | undefined {
  const micros = parseTimestampMicros(text);
  return micros === undefined ? undefined : Math.floor(micros / 1000);
}

function zoneOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
