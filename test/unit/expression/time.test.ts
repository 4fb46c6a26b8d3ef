import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parseTimestamp } from '../../../shared/expression/index.ts';

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['15m', 900_000],
    ['3d', 259_200_000],
    ['2w', 1_209_600_000],
    ['1h30m', 5_400_000],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['500ms', 500],
    ['0s', 0],
    ['-3d', -259_200_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '-',
    '3',
    'd',
    '3 d',
    '1.5h',
    '30m1h',
    '1h1h',
    '3D',
    '3days',
    '+3d',
    '--3d',
    '123456d',
    '3d\n',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each(['30s', '1h30m', '3d', '-1d12h', '250ms', '0s'])('%s is written as it is read', (text) => {
    expect(formatDuration(parseDuration(text) ?? Number.NaN)).toBe(text);
  });
});

describe('timestamps', () => {
  it.each([
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05.678901+00', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05-05:30', '2026-01-02T08:34:05.000Z'],
    ['0099-01-01', '0099-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(parseTimestamp(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each([
    '',
    'now',
    '2026',
    '2026-1-2',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T25:00:00Z',
    '01/02/2026',
    '1767225600',
  ])('%j is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
