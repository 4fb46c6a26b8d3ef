const NAMES = ['sun mon tue wed thu fri sat', 'jan feb mar apr may jun jul aug sep oct nov dec'].map((list) =>
  list.split(' '),
);
const FIELDS = [
  { name: 'minute', min: 0, max: 59, names: [] as string[] },
  { name: 'hour', min: 0, max: 23, names: [] as string[] },
  { name: 'day of month', min: 1, max: 31, names: [] as string[] },
  { name: 'month', min: 1, max: 12, names: NAMES[1] ?? [] },
  { name: 'day of week', min: 0, max: 7, names: NAMES[0] ?? [] },
];
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What is wrong with a five-field cron expression, undefined when it is right. Knows lists, ranges, steps and
 * the English names of months and days; days of month and of week add up when both are given, as in Vixie cron.
 */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5) return `It has ${parts.length} fields instead of 5`;
  const values: Set<number>[] = [];
  for (const [i, field] of FIELDS.entries()) {
    const found = parseField(parts[i] ?? '', field);
    if (!found) return `"${parts[i]}" is no ${field.name} (${field.min}-${field.max})`;
    values.push(found);
  }
  const [, , days = new Set(), months = new Set()] = values;
  const anyWeekday = !(parts[4] ?? '').startsWith('*') && !(parts[2] ?? '').startsWith('*');
  const exists = [...months].some((month) =>
    [...days].some((day) => day <= (LONGEST_MONTHS[month - 1] ?? 0)),
  );
  return exists || anyWeekday ? undefined : 'No such day exists, so it never fires';
}

type Field = (typeof FIELDS)[number];

function parseField(text: string, field: Field): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, more] = part.split('/');
    if (more !== undefined || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return undefined;
    const bounds = parseRange(range, step !== undefined, field);
    if (!bounds) return undefined;
    for (let value = bounds[0]; value <= bounds[1]; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function parseRange(text: string, stepped: boolean, field: Field): [number, number] | undefined {
  if (text === '*') return [field.min, field.max];
  const [from = '', to, more] = text.split('-');
  const first = parseValue(from, field);
  const last = to === undefined ? (stepped ? field.max : first) : parseValue(to, field);
  if (more !== undefined || first === undefined || last === undefined || first > last) return undefined;
  return [first, last];
}

function parseValue(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + field.min : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.min && value <= field.max ? value : undefined;
}
