import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../supabase/local/pg-cron/schedule.ts';

const next = (schedule: string, after: string) => {
  const due = parseSchedule(schedule)(Date.parse(after));
  return Number.isFinite(due) ? new Date(due).toISOString() : due;
};

describe('a pg_cron schedule', () => {
  it.each([
    ['10 seconds', '2026-01-01T00:00:00.250Z', '2026-01-01T00:00:10.250Z'],
    ['1 second', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'],
    ['* * * * *', '2026-01-01T00:00:00.001Z', '2026-01-01T00:01:00.000Z'],
    ['30 3 * * *', '2026-01-01T03:30:00.000Z', '2026-01-02T03:30:00.000Z'],
    ['0 2 * * *', '2026-03-29T00:30:00.000Z', '2026-03-29T02:00:00.000Z'],
    ['0 0 $ * *', '2028-02-01T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
    ['0 9 * * mon-fri', '2026-11-20T09:00:00.000Z', '2026-11-23T09:00:00.000Z'],
    ['0 0 * * 7', '2026-11-23T00:00:00.000Z', '2026-11-29T00:00:00.000Z'],
    ['0 0 13 * 5', '2026-11-23T00:00:00.000Z', '2026-11-27T00:00:00.000Z'],
    ['@hourly', '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z'],
    ['@yearly', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ])('"%s" after %s is due at %s', (schedule, after, due) => {
    expect(next(schedule, after)).toBe(due);
  });

  it('of a reboot is never due by the clock', () => {
    expect(next('@reboot', '2026-01-01T00:00:00Z')).toBe(Number.POSITIVE_INFINITY);
  });

  it('is GMT wherever the process runs', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'America/New_York';
    try {
      expect(next('0 12 * * *', '2026-07-01T00:00:00Z')).toBe('2026-07-01T12:00:00.000Z');
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('that cannot be read is refused', () => {
    expect(() => parseSchedule('often')).toThrow();
  });
});
