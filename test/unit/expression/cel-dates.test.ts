import { expect, it } from 'vitest';
import { evaluateCel } from '../../../shared/expression/index.ts';

const context = {
  now: '2026-11-23T12:00:00Z',
  row: {
    created: '2026-11-20T11:59:59.123456+00:00',
    local: '2026-11-23T12:30:00+01:00',
    plain: '2026-11-23T11:00:00',
    spaced: '2026-11-23 13:00:00+00',
    day: '2026-11-30',
    text: 'soon',
  },
};
const run = (source: string) => evaluateCel(source, context);

it.each([
  'now > row.created',
  'row.created < now',
  'row.created <= now',
  'now >= row.created',
  'row.local < now',
  'row.plain < now',
  'row.spaced > now',
  'row.day > now',
  'date(row.day) > date(row.created)',
  'date(row.created) < now - days(3)',
  'now == "2026-11-23T12:00:00+00:00"',
  'now != row.day',
  'days(row.created, now) == 3',
  'days(now, row.day) == 6',
  'days(now - date(row.created)) >= 3',
  'hours(row.plain, row.spaced) == 2',
  'minutes(row.local, now) == 30',
  'days(1) + hours(2) == hours(26)',
  'date(now) == now',
  'now.getFullYear() == 2026',
  'duration("90m") == minutes(90)',
])('%s', (source) => {
  expect(run(source)).toBe(true);
});

it('gives timestamps as ISO 8601 and periods as durations', () => {
  expect(run('now - days(3)')).toBe('2026-11-20T12:00:00.000Z');
  expect(run('date(row.day)')).toBe('2026-11-30T00:00:00.000Z');
  expect(run('days(3)')).toBe('3d');
  expect(run('hours(1.5)')).toBe('1h30m');
  expect(run('date(row.plain) - now')).toBe('-1h');
});

it('writes timestamps and periods into text', () => {
  expect(run('"since " + string(now) + ", " + string(days(2))')).toBe('since 2026-11-23T12:00:00.000Z, 2d');
});

it('names a text that is no date', () => {
  expect(() => run('row.text < now')).toThrow(/"soon" is no date/);
  expect(() => run('date("2026-02-30")')).toThrow(/no date/);
});

it('refuses a period beyond all calendars', () => {
  expect(() => run('days(1e300)')).toThrow(/range/);
});
