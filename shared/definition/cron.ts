const NAMES = ['sun mon tue wed thu fri sat', 'jan feb mar apr may jun jul aug sep oct nov dec'].map((list) =>
  list.split(' '),
);
/** `last` is where steps end that have no end of their own: day of week counts Sunday twice. */
const FIELDS = [
  { name: 'minute', min: 0, max: 59, last: 59, names: [] as string[] },
  { name: 'hour', min: 0, max: 23, last: 23, names: [] as string[] },
  { name: 'day of month', min: 1, max: 31, last: 31, names: [] as string[] },
  { name: 'month', min: 1, max: 12, last: 12, names: NAMES[1] ?? [] },
  { name: 'day of week', min: 0, max: 7, last: 6, names: NAMES[0] ?? [] },
];
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What is wrong with a five-field cron expression, undefined when it is right. Knows lists, ranges, steps, the
 * English names of months and days, and `L` for the last day of the month; days of month and of week add up when
 * both are given. The same language as `workflow.parse_cron` in the database, which reads it at run time.
 */
export function cronProblem(text: string): string | undefined {
  const parts = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').split(/[ \t\r\n]+/);
  if (parts.length !== 5) return `It has ${parts.length} fields instead of 5`;
  const values: Set<number>[] = [];
  for (const [i, field] of FIELDS.entries()) {
    const found = parseField(i === 2 ? withoutLastDay(parts[i] ?? '') : (parts[i] ?? ''), field);
    if (!found) return `"${parts[i]}" is no ${field.name} (${field.min}-${field.max})`;
    values.push(found);
  }
  const [, , days = new Set(), months = new Set()] = values;
  const addUp = parts[2] !== '*' && parts[4] !== '*';
  const exists = [...months].some((month) =>
    [...days].some((day) => day <= (LONGEST_MONTHS[month - 1] ?? 0)),
  );
  return exists || addUp || hasLastDay(parts[2]) ? undefined : 'No such day exists, so it never fires';
}

const isLastDay = (part: string) => part.toUpperCase() === 'L';

function hasLastDay(days = ''): boolean {
  return days.split(',').some(isLastDay);
}

/** The field without its `L`s; the longest month's last day where nothing else is left. */
function withoutLastDay(days: string): string {
  const rest = days.split(',').filter((part) => !isLastDay(part));
  return rest.length > 0 ? rest.join(',') : '31';
}

type Field = (typeof FIELDS)[number];

function parseField(text: string, field: Field): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, more] = part.split('/');
    if (more !== undefined || (step !== undefined && !/^[1-9]\d?$/.test(step))) return undefined;
    const bounds = parseRange(range, step !== undefined, field);
    if (!bounds || Number(step ?? 1) > field.last - field.min + 1) return undefined;
    for (let value = bounds[0]; value <= bounds[1]; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function parseRange(text: string, stepped: boolean, field: Field): [number, number] | undefined {
  if (text === '*') return [field.min, field.last];
  const [from = '', to, more] = text.split('-');
  const first = parseValue(from, field);
  const last = to === undefined ? (stepped ? field.last : first) : parseEnd(to, field);
  if (more !== undefined || first === undefined || last === undefined || first > last) return undefined;
  return [first, last];
}

/** A range to SUN ends with the Sunday after Saturday. */
function parseEnd(text: string, field: Field): number | undefined {
  return text.toLowerCase() === 'sun' && field.names.includes('sun') ? field.max : parseValue(text, field);
}

function parseValue(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + field.min : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.min && value <= field.max ? value : undefined;
}
