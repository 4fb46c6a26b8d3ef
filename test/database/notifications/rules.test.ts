import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { advance, execution } from '../../support/engine.ts';
import { startTwilio, twilioVariables } from '../../support/providers/twilio.ts';
import { runAsMember } from '../../support/worker.ts';
import { stepRun, useNotifications, useVariables } from './support.ts';

const { sql, notify, prepare } = await useNotifications();
const twilio = await startTwilio();
useVariables(twilioVariables(twilio));

let organization: string;
beforeEach(() => {
  organization = randomUUID();
});

const sms = { channel: 'sms', to: '+442079460101', body: 'Hello' };
const rowOf = async (stepRunId: string) =>
  (await sql`select * from public.sms_logs where step_run_id = ${stepRunId}`)[0];
const settle = (values: Record<string, unknown>) =>
  sql`insert into public.notification_settings ${sql({ organization_id: organization, ...values } as never)}`;

/** Moves the engine's clock to a time of the day, UTC. */
const moveTo = (time: string) =>
  sql`update workflow.settings set clock_offset = clock_offset
    + (date_trunc('day', workflow.now() at time zone 'UTC') + interval '1 day' + ${time}::interval
       - workflow.now() at time zone 'UTC')`;

describe('somebody who is suppressed', () => {
  it.each(['unsubscribed', 'bounced', 'complained', 'manual'])(
    '(%s) is skipped with the reason',
    async (reason) => {
      await sql`insert into public.notification_suppressions ${sql({ organization_id: organization, channel: 'sms', recipient: sms.to, reason })}`;
      const before = twilio.requests.length;
      const { id, status, output } = await notify(sms, organization);
      expect(status).toBe('succeeded');
      expect(output).toMatchObject({
        status: 'skipped',
        deliveries: [{ to: sms.to, status: 'skipped', reason }],
      });
      expect(await rowOf(id)).toMatchObject({ status: 'skipped', reason, attempts: 0, sent_at: null });
      expect(twilio.requests).toHaveLength(before);
    },
  );

  it('is reached over other channels, and by other organisations; the others of a list are reached', async () => {
    await sql`insert into public.notification_suppressions (organization_id, channel, recipient)
      values (${organization}, 'email', 'ada@example.com'), (${organization}, 'sms', '+442079460102')`;
    expect((await notify(sms, organization)).output).toMatchObject({ status: 'sent' });
    const both = await notify({ ...sms, to: ['+442079460102', sms.to] }, organization);
    expect(both.output).toMatchObject({
      status: 'sent',
      deliveries: [{ status: 'skipped' }, { status: 'sent' }],
    });
    expect((await notify({ ...sms, to: '+442079460102' })).output).toMatchObject({ status: 'sent' });
  });

  it('is put on the list by editors, for their organisation only', async () => {
    const { workflow, run } = await prepare(sms);
    const user = await runAsMember(sql, workflow);
    await run();
    const suppress = (id: string, role: string) =>
      sql.begin(async (tx) => {
        await tx`update public.organization_members set role = ${role} where user_id = ${user}`;
        await tx`select workflow.assume_user(${user}, ${workflow.organizationId})`;
        await tx`set local role authenticated`;
        await tx`insert into public.notification_suppressions (organization_id, channel, recipient) values (${id}, 'sms', 'x')`;
      });
    await suppress(workflow.organizationId, 'editor');
    await expect(suppress(workflow.organizationId, 'viewer')).rejects.toMatchObject({ code: '42501' });
    await expect(suppress(organization, 'owner')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('quiet hours', () => {
  it('hold a message until they are over, whatever the step says about retries', async () => {
    await settle({ quiet_from: '21:00', quiet_until: '07:30', timezone: 'UTC' });
    await moveTo('22:00');
    const before = twilio.requests.length;
    const { id, run } = await prepare(sms, organization);
    await run();
    const waiting = await stepRun(sql, id);
    expect(waiting).toMatchObject({ status: 'waiting', error: { code: 'quiet_hours' } });
    expect(await rowOf(waiting.id)).toMatchObject({ status: 'held', reason: 'quiet_hours', attempts: 0 });
    const due = async () => (await sql`select workflow.fire_timers() as fired`)[0]?.fired;
    await advance(sql, '9 hours 29 minutes');
    expect(await due()).toBe(0);
    await advance(sql, '1 minute');
    expect(await due()).toBe(1);
    expect(twilio.requests).toHaveLength(before);
    await run();
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await stepRun(sql, id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(await rowOf(waiting.id)).toMatchObject({ status: 'sent', reason: null, attempts: 1, resumed: 0 });
  });

  it.each([
    ['in the night, before midnight', '21:00', '07:00', 'UTC', '23:00', true],
    ['in the night, after midnight', '21:00', '07:00', 'UTC', '06:59', true],
    ['after the night', '21:00', '07:00', 'UTC', '07:00', false],
    ['before the night', '21:00', '07:00', 'UTC', '20:59', false],
    ['at midday', '12:00', '14:00', 'UTC', '13:00', true],
    ['after midday', '12:00', '14:00', 'UTC', '14:00', false],
    ["in the organisation's own night", '21:00', '07:00', 'Asia/Tokyo', '13:00', true],
    ["on the organisation's own day", '21:00', '07:00', 'Asia/Tokyo', '23:00', false],
  ])('%s', async (_, quiet_from, quiet_until, timezone, time, isHeld) => {
    await settle({ quiet_from, quiet_until, timezone });
    await moveTo(time);
    const { status } = await notify(sms, organization);
    expect(status).toBe(isHeld ? 'waiting' : 'succeeded');
  });

  it('hold nothing urgent, and no channel that is not named', async () => {
    await settle({ quiet_from: '21:00', quiet_until: '07:00', quiet_channels: ['push'] });
    await moveTo('22:00');
    expect((await notify(sms, organization)).status).toBe('succeeded');
    await sql`update public.notification_settings set quiet_channels = '{sms}' where organization_id = ${organization}`;
    const { id, run } = await prepare(sms, organization);
    await sql`update public.workflow_executions set priority = 1 where id = ${id}`;
    await run();
    expect((await stepRun(sql, id)).status).toBe('succeeded');
  });

  it('must have a beginning and an end, in a time zone there is', async () => {
    await expect(settle({ quiet_from: '21:00' })).rejects.toMatchObject({ code: '23514' });
    await expect(settle({ timezone: 'Mars/Olympus' })).rejects.toMatchObject({ detail: 'invalid_timezone' });
  });
});

describe('the most that one recipient gets', () => {
  it('is counted over the channel and the time, and more is skipped', async () => {
    await settle({ max_per_recipient: 2, per_interval: '1 day' });
    const send = async (to = sms.to) =>
      (await notify({ ...sms, to }, organization)).output as { deliveries: object[] };
    expect(await send()).toMatchObject({ status: 'sent' });
    expect(await send()).toMatchObject({ status: 'sent' });
    expect(await send()).toMatchObject({ status: 'skipped', deliveries: [{ reason: 'frequency_cap' }] });
    expect(await send('+442079460199')).toMatchObject({ status: 'sent' });
    await advance(sql, '1 day 1 minute');
    expect(await send()).toMatchObject({ status: 'sent' });
  });

  it('does not count a message against itself', async () => {
    await settle({ max_per_recipient: 1 });
    twilio.next.push(() => ({ status: 503, body: '' }));
    const { id, run } = await prepare(
      { ...sms, retry: { attempts: 2, backoff: 'none', delay: '1s' } },
      organization,
    );
    await run();
    await sql`update workflow.timers set due_at = '-infinity'`;
    await sql`select workflow.fire_timers()`;
    await run();
    expect((await stepRun(sql, id)).output).toMatchObject({ status: 'sent' });
  });
});
