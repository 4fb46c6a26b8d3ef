/** Cron expressions and cases made from a fixed seed, many of them around clock changes. */

export interface CronCase {
  cron: string;
  timezone: string;
  /** ISO timestamp. */
  from: string;
}

/** Zones with clock changes of every kind: north, south, by half an hour, at midnight, by two hours, and none. */
const ZONES = [
  ...['UTC', 'Europe/Berlin', 'Europe/London', 'America/New_York', 'America/St_Johns', 'America/Santiago'],
  ...['Australia/Lord_Howe', 'Australia/Sydney', 'Antarctica/Troll', 'Asia/Kolkata', 'Asia/Kathmandu'],
  ...['America/Havana', 'Asia/Beirut', 'Pacific/Chatham', 'Pacific/Apia', 'America/Nuuk', 'Etc/GMT+3'],
];
const NEAR_CHANGES = [
  '2026-03-08',
  '2026-03-29',
  '2026-04-05',
  '2026-09-06',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type Random = () => number;

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const between = (random: Random, least: number, most: number) =>
  least + Math.floor(random() * (most - least + 1));
const pick = <T>(random: Random, list: readonly T[]) => list[between(random, 0, list.length - 1)] as T;

function value(random: Random, number: number, least: number, names?: string[]): string {
  const name = names?.[number - least];
  if (!name || random() < 0.6) return String(number);
  return random() < 0.5 ? name : name.toUpperCase();
}

function part(random: Random, least: number, most: number, names?: string[]): string {
  const from = between(random, least, most);
  const to = between(random, from, most);
  const step = between(random, 1, Math.ceil((most - least + 1) / 2));
  const [first, last] = [value(random, from, least, names), value(random, to, least, names)];
  return pick(random, [
    first,
    first,
    first,
    `${first}-${last}`,
    `${first}-${last}/${step}`,
    `*/${step}`,
    `${first}/${step}`,
  ]);
}

function field(random: Random, open: number, least: number, most: number, names?: string[]): string {
  if (random() < open) return '*';
  return Array.from({ length: pick(random, [1, 1, 1, 2, 3]) }, () => part(random, least, most, names)).join(
    ',',
  );
}

function expression(random: Random): string {
  const hours = random() < 0.5 ? field(random, 0.3, 0, 23) : field(random, 0.1, 0, 4);
  const days = random() < 0.1 ? pick(random, ['L', 'l', '15,L']) : field(random, 0.6, 1, 31);
  return [
    field(random, 0.1, 0, 59),
    hours,
    days,
    field(random, 0.7, 1, 12, MONTHS),
    random() < 0.05
      ? pick(random, ['7', '5-7', '0-7', 'sun', 'fri-sun', 'SAT-SUN/1'])
      : field(random, 0.6, 0, 6, DAYS),
  ].join(' ');
}

function moment(random: Random): string {
  const day = random() < 0.6 ? pick(random, NEAR_CHANGES) : `20${between(random, 22, 34)}-01-01`;
  const spread = random() < 0.6 ? 1 : 365;
  return new Date(Date.parse(day) + Math.floor((random() * 2 - 1) * spread * 86_400_000)).toISOString();
}

const neverRuns = (cron: string) => /^\S+ \S+ (3[01]\S*) \S+ \*$/.test(cron);

/** So many cases, the same each time. */
export function randomCases(count: number, seed = 20_261_101): CronCase[] {
  const random = randomOf(seed);
  const cases: CronCase[] = [];
  while (cases.length < count) {
    const cron = expression(random);
    const one = { cron, timezone: pick(random, ZONES), from: moment(random) };
    if (!neverRuns(cron)) cases.push(one);
  }
  return cases;
}

/** Texts of which some are expressions and some are not: right ones with a character taken out, put in or changed. */
export function randomExpressions(count: number, seed = 20_261_102): string[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => {
    const text = expression(random);
    const at = between(random, 0, text.length);
    const character = pick(random, [...'0123456789*/-, L#W?+@xsun']);
    return text.slice(0, at) + (random() < 0.7 ? character : '') + text.slice(at + between(random, 0, 1));
  });
}
