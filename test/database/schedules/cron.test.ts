import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../../shared/definition/index.ts';
import { isTimeZone } from '../../../shared/definition/time-zone.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { type CronCase, randomCases, randomExpressions } from './random-cron.ts';

/** The same rules for clock changes as the engine's, and `5/15` as it reads it. */
const croner = ({ cron, timezone }: Pick<CronCase, 'cron' | 'timezone'>) =>
  new Cron(cron, { timezone, mode: '5-part', sloppyRanges: true, fixedTimeRule: 'no-wildcard' });

const RUNS = 4;

const { sql } = await useEngineDatabase();

/** What the database says of many cases, in one statement. */
async function runsOf(cases: CronCase[]): Promise<string[][]> {
  const rows = await sql<{ runs: number[] }[]>`
    select array(select extract(epoch from r)::float8 * 1000
      from workflow.next_runs(c ->> 'cron', c ->> 'timezone', (c ->> 'from')::timestamptz, ${RUNS}) r) as runs
    from jsonb_array_elements(${sql.json(cases as never)}) with ordinality o(c, n) order by n`;
  return rows.map(({ runs }) => runs.map((run) => new Date(run).toISOString()));
}

async function runs(cron: string, timezone: string, from: string): Promise<string[]> {
  const [first = []] = await runsOf([{ cron, timezone, from }]);
  return first;
}

/** Which expressions the database refuses, in one statement. */
async function refusedOf(expressions: string[]): Promise<string[]> {
  await sql`
    create or replace function public.refusal(cron text) returns text language plpgsql as $$
    declare v_code text;
    begin
      perform workflow.parse_cron(cron);
      return null;
    exception when others then
      get stacked diagnostics v_code = pg_exception_detail;
      return v_code;
    end $$`;
  const rows = await sql<{ cron: string; code: string }[]>`
    select cron, public.refusal(cron) as code from jsonb_array_elements_text(${sql.json(expressions)}) cron`;
  expect(new Set(rows.map(({ code }) => code))).toEqual(new Set([null, 'invalid_cron']));
  return rows.filter(({ code }) => code).map(({ cron }) => cron);
}

it('2,000 random schedules run when croner runs them, clock changes included', async () => {
  const cases = randomCases(2000);
  const ours = await runsOf(cases);
  const different = cases.flatMap((one, i) => {
    const theirs = croner(one)
      .nextRuns(RUNS, new Date(one.from))
      .map((run) => run.toISOString());
    return JSON.stringify(theirs) === JSON.stringify(ours[i]) ? [] : [{ ...one, theirs, ours: ours[i] }];
  });
  expect(different.slice(0, 5)).toEqual([]);
});

it('what publishing accepts the database reads, and what it refuses the database refuses', async () => {
  const expressions = randomExpressions(2000);
  const refused = expressions.filter((cron) => cronProblem(cron) !== undefined);
  expect(refused.length).toBeGreaterThan(400);
  expect(refused.length).toBeLessThan(1600);
  expect(await refusedOf(expressions)).toEqual(refused);
});

it('what publishing accepts croner reads', () => {
  const accepted = randomExpressions(2000).filter((cron) => cronProblem(cron) === undefined);
  for (const cron of accepted) expect(() => croner({ cron, timezone: 'UTC' }), cron).not.toThrow();
});

describe('a schedule at two thirty', () => {
  it('runs at three on the night without a two thirty', async () => {
    expect(await runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
      '2026-03-31T00:30:00.000Z',
      '2026-04-01T00:30:00.000Z',
    ]);
  });

  it('runs once on the night with two, the first time', async () => {
    expect(await runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
      '2026-10-27T01:30:00.000Z',
      '2026-10-28T01:30:00.000Z',
    ]);
  });
});

describe('a schedule every half hour', () => {
  it('runs through both passes of the repeated hour', async () => {
    expect(await runs('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });

  it('goes on after the skipped hour as if nothing had been', async () => {
    expect(await runs('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z')).toEqual([
      '2026-03-29T00:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
  });
});

it.each([
  ['UTC', true],
  ['Europe/Berlin', true],
  ['america/argentina/buenos_aires', true],
  ['America/Port-au-Prince', true],
  ['Etc/GMT+3', true],
  ['Europe/Berln', false],
  ['Etc/GMT+13', false],
  ['CEST', false],
  ['UTC+3', false],
  ['Foo/Bar5', false],
  ['', false],
])('a time zone "%s" is %s for the database and for publishing', async (name, known) => {
  const [row] = await sql`select workflow.is_timezone(${name}) as known`;
  expect(row?.known).toBe(known);
  expect(isTimeZone(name)).toBe(known);
});
