import { RULE_OPS } from '../../shared/expression/index.ts';

/** Values that have surprised comparisons before: of each type, near each other, near the limits. */
const VALUES = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  5,
  1e21,
  1e-7,
  9007199254740991,
  '',
  ' ',
  'a',
  'A',
  'ab',
  'b',
  'é',
  '😀',
  '\uffee',
  '5',
  '1.5',
  '%',
  '9007199254740993',
  '-9007199254740993',
  '10000000000000000000',
  '0.1234567890123456789',
  '00000000000000000005',
  '1e400',
  'null',
  [],
  ['a'],
  ['a', 'b'],
  [1, '1', null],
  [['a']],
  ['9007199254740993'],
  {},
  { a: 1 },
  { now: '-3d' },
  { now: '1h30m' },
  { now: 'x' },
  { now: 5 },
  '2026-11-20',
  '2026-11-20T12:00:00+00:00',
  '2026-11-23 12:00:00.123456+05:30',
  '2026-02-30',
  '2026-11-23T12:00:00',
  'infinity',
  '0000-01-01',
];
const PATHS = [
  'record.x',
  'record.y',
  'old_record.x',
  'variables.v',
  'record.x.0',
  'record.x.a',
  'record.nope',
  'record',
];

/** Well-formed rule trees with their contexts, the same at each call. */
export function randomRules(count: number): { rule: unknown; context: Record<string, unknown> }[] {
  let seed = 42;
  const below = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const leaf = () => {
    const op = pick(RULE_OPS);
    const field = op === 'changed' ? pick(['record.x', 'record.y', 'record.x.a']) : pick(PATHS);
    return below(3) === 0 ? { field, op, ref: pick(PATHS) } : { field, op, value: pick(VALUES) };
  };
  const tree = (depth: number): unknown => {
    const kind = depth === 0 ? 0 : below(6);
    if (kind < 3) return leaf();
    if (kind === 3) return { not: tree(depth - 1) };
    return { [kind === 4 ? 'all' : 'any']: Array.from({ length: below(3) }, () => tree(depth - 1)) };
  };
  return Array.from({ length: count }, () => ({
    rule: tree(3),
    context: {
      record: { x: pick(VALUES), y: pick(VALUES) },
      old_record: { x: pick(VALUES) },
      variables: { v: pick(VALUES) },
    },
  }));
}
