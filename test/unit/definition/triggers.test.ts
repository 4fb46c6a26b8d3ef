import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../../shared/definition/index.ts';
import { problems, step } from './support.ts';

const trigger = (value: unknown) => problems([step('a')], { trigger: value, variables: { limit: 1 } });
const event = { type: 'event', table: 'leads', events: ['insert', 'update'] };

describe('right', () => {
  it.each([
    { type: 'manual' },
    event,
    { ...event, table: 'sales.orders', columns: ['status'], allowSelf: true },
    {
      ...event,
      filter: {
        all: [
          { field: 'record.score', op: 'gte', ref: 'variables.limit' },
          { field: 'old_record.score', op: 'isNull' },
        ],
      },
    },
    { type: 'schedule', cron: '0 9 * * 1-5', timezone: 'Europe/Berlin' },
    { type: 'schedule', at: '2026-12-24T09:00:00Z' },
    { type: 'schedule', every: '15m' },
    { type: 'webhook' },
    { type: 'webhook', hmac: { secret: { $secret: 'HOOK' }, header: 'x-hub-signature', tolerance: '1m' } },
    {
      type: 'webhook',
      headers: { event: 'X-GitHub-Event' },
      allowedIps: ['192.0.2.1', '198.51.100.0/24', '2001:db8::/32'],
      requestsPerMinute: 60,
      maxBytes: 10_000,
    },
  ])('%j', (value) => {
    expect(trigger(value)).toEqual([]);
  });
});

describe('wrong', () => {
  it.each([
    [{ type: 'evnt' }, 'trigger.type unknown_type'],
    [{}, 'trigger.type unknown_type'],
    [{ type: 'manual', cron: '* * * * *' }, 'trigger.cron unknown_field'],
    [{ ...event, table: 'leads; drop table x' }, 'trigger.table invalid_value'],
    [{ ...event, events: [] }, 'trigger.events invalid_value'],
    [{ ...event, events: ['truncate'] }, 'trigger.events[0] invalid_value'],
    [{ ...event, events: ['insert'], columns: ['status'] }, 'trigger.columns invalid_columns'],
    [{ ...event, filter: { field: 'record.x', op: 'like', value: 1 } }, 'trigger.filter.op invalid_rule'],
    [{ ...event, filter: { field: 'input.x', op: 'isNull' } }, 'trigger.filter.field unknown_root'],
    [
      { ...event, filter: { field: 'record.x', op: 'eq', ref: 'variables.limt' } },
      'trigger.filter.ref unknown_variable',
    ],
    [{ type: 'schedule' }, 'trigger invalid_schedule'],
    [{ type: 'schedule', every: '1h', cron: '* * * * *' }, 'trigger invalid_schedule'],
    [{ type: 'schedule', cron: '0 0 30 2 *' }, 'trigger.cron invalid_cron'],
    [{ type: 'schedule', cron: '0 9 * * *', timezone: 'Europe/Berln' }, 'trigger.timezone invalid_timezone'],
    [{ type: 'schedule', cron: '0 9 * * *', timezone: '+02:00' }, 'trigger.timezone invalid_timezone'],
    [{ type: 'schedule', at: 'tomorrow' }, 'trigger.at invalid_timestamp'],
    [{ type: 'schedule', every: '1s' }, 'trigger.every invalid_duration'],
    [{ type: 'schedule', every: 'often' }, 'trigger.every invalid_duration'],
    [{ type: 'webhook', hmac: { secret: 'plain text' } }, 'trigger.hmac.secret invalid_type'],
    [{ type: 'webhook', headers: { key: 'Authorization' } }, 'trigger.headers.key invalid_value'],
    [{ type: 'webhook', headers: { event: 'x event' } }, 'trigger.headers.event invalid_value'],
    [{ type: 'webhook', allowedIps: ['192.0.2.0/33'] }, 'trigger.allowedIps[0] invalid_value'],
    [{ type: 'webhook', requestsPerMinute: 0 }, 'trigger.requestsPerMinute invalid_value'],
    [{ type: 'webhook', maxBytes: 10_000_000 }, 'trigger.maxBytes invalid_value'],
  ])('%j', (value, error) => {
    expect(trigger(value)).toEqual([error]);
  });
});

describe('cron', () => {
  it.each([
    '* * * * *',
    '*/5 0-6,12 1 1-6/2 *',
    '0 9 * jan-jun mon-fri',
    '0 0 29 2 *',
    '0 0 31 2 1',
    '0 0 * * 7',
    '0 0 * * SUN',
    '5/15 * * * *',
    '0 0 * * fri-sun',
    '0 0 31 4 */2',
    '0 0 L * *',
    '0 0 15,l 2 *',
  ])('%s is right', (text) => {
    expect(cronProblem(text)).toBeUndefined();
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '5-1 * * * *',
    'a * * * *',
    '1,,2 * * * *',
    '@daily',
    '1-2-3 * * * *',
    '*/5/2 * * * *',
    '-1 * * * *',
    '*/61 * * * *',
    '0 0 * * */8',
    '0 0 * * 7/2',
    '0 0 * * 5L',
    '0 0 L/2 * *',
    'L * * * *',
  ])('%j is wrong', (text) => {
    expect(cronProblem(text)).toBeDefined();
  });

  it.each(['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 31 4 *'])('%s never fires', (text) => {
    expect(cronProblem(text)).toMatch(/never/);
  });
});
