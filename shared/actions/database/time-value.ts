import type { Json } from '../../errors.ts';

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `{ "now": "-3d" }` as a timestamp by the engine's clock; any other value as it is. */
export function timeValue(value: Json, now: Date): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const offset = value.now;
  if (typeof offset !== 'string' || Object.keys(value).length !== 1) return value;
  const milliseconds = offsetMs(offset);
  return milliseconds === null ? value : new Date(now.getTime() + milliseconds).toISOString();
}

/** Milliseconds of `-3d`, `+90m` or `0`; null when it is none of these. */
function offsetMs(text: string): number | null {
  if (text === '' || text === '0') return 0;
  const match = /^([+-]?)(\d{1,9})([smhdw])$/.exec(text);
  if (!match) return null;
  const [, sign, count, unit = ''] = match;
  return (sign === '-' ? -1 : 1) * Number(count) * (UNIT_MS[unit] ?? 0);
}
