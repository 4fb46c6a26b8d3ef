import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { textsOf } from '../../../shared/notifications/seed.ts';
import { notificationTemplates } from '../../../templates/notifications/index.ts';
import { mailOf, sendGridVariables, startSendGrid } from '../../support/providers/sendgrid.ts';
import { runAsMember } from '../../support/worker.ts';
import { useNotifications, useVariables } from './support.ts';

const { sql, notify, prepare } = await useNotifications();
const sendGrid = await startSendGrid();
useVariables(sendGridVariables(sendGrid));

const data = { leadName: 'Ines Calder', score: 91 };
const hot = { channel: 'email', to: 'ada@example.com', template: 'lead-hot', data };
const lastMail = () => mailOf(sendGrid.requests.at(-1) as never);

it('the database has every text of the files', async () => {
  const rows = await sql`
    select template_id, channel, locale, subject, body, html from public.notification_templates where organization_id is null`;
  const files = notificationTemplates.flatMap((template) =>
    textsOf(template).map(({ organization_id: _, ...text }) => ({ template_id: template.id, ...text })),
  );
  const sorted = (all: readonly object[]) => all.map((one) => JSON.stringify(one)).sort();
  const columns = ({ template_id, channel, locale, subject, body, html }: Record<string, unknown>) => ({
    template_id,
    channel,
    locale,
    subject,
    body,
    html,
  });
  expect(sorted(rows.map(columns))).toEqual(sorted(files.map(columns)));
});

it('a message is made from its template, and its row says from which', async () => {
  const { id, status } = await notify(hot);
  expect(status).toBe('succeeded');
  const mail = lastMail();
  expect(mail.subject).toBe('Hot lead: Ines Calder (91)');
  expect(mail.categories).toEqual(['lead-hot']);
  expect(mail.content.map(({ type }) => type)).toEqual(['text/plain', 'text/html']);
  expect(mail.content[1]?.value).toContain('Ines Calder has just scored 91 out of 100.');
  const [row] = await sql`select * from public.email_logs where step_run_id = ${id}`;
  expect(row).toMatchObject({ template_id: 'lead-hot', locale: 'en', subject: mail.subject });
  expect(row?.body).toContain('just scored 91');
});

it("an organisation's own text comes before the engine's, and nobody else gets it", async () => {
  const organization = randomUUID();
  await sql`insert into public.notification_templates (organization_id, template_id, channel, subject, body, html)
    values (${organization}, 'lead-hot', 'email', 'Ours: {{ leadName }}', 'Call {{ leadName }}', '<p>{{ leadName }}</p>')`;
  await sql`insert into public.notification_settings (organization_id, brand_name) values (${organization}, 'Ours Ltd')`;
  await notify({ ...hot, data: { ...data, leadName: 'I & C' } }, organization);
  expect(lastMail()).toMatchObject({ subject: 'Ours: I & C', content: [{ value: 'Call I & C' }, {}] });
  expect(lastMail().content[1]?.value).toContain('<p>I &amp; C</p>');
  expect(lastMail().content[1]?.value).toContain('Ours Ltd');
  await notify(hot);
  expect(lastMail().subject).toBe('Hot lead: Ines Calder (91)');
});

it("the language is the step's, else the organisation's, else English", async () => {
  const organization = randomUUID();
  const welcome = { ...hot, template: 'welcome', data: { firstName: 'Ada', organizationName: 'Northwind' } };
  const subjectFor = async (fields: object) => {
    expect((await notify({ ...welcome, ...fields }, organization)).error).toBeNull();
    return lastMail().subject;
  };
  expect(await subjectFor({})).toBe('Welcome to Northwind, Ada');
  expect(await subjectFor({ locale: '{{ "de" }}-CH' })).toBe('Willkommen bei Northwind, Ada');
  await sql`insert into public.notification_settings (organization_id, locale) values (${organization}, 'de')`;
  expect(await subjectFor({})).toBe('Willkommen bei Northwind, Ada');
  expect(await subjectFor({ locale: 'en' })).toBe('Welcome to Northwind, Ada');
});

it('a template that is none, and data that are missing, fail before anything is sent', async () => {
  const before = sendGrid.requests.length;
  expect((await notify({ ...hot, template: 'no-such' })).error).toMatchObject({
    code: 'unknown_notification_template',
    path: 'template',
    message: expect.stringContaining('no-such'),
  });
  expect((await notify({ ...hot, data: { score: 1 } })).error).toMatchObject({
    code: 'template_data_missing',
    path: 'data',
  });
  expect(sendGrid.requests).toHaveLength(before);
});

it('an own text that cannot be read fails its steps with what is wrong', async () => {
  const organization = randomUUID();
  await sql`insert into public.notification_templates (organization_id, template_id, channel, subject, body)
    values (${organization}, 'lead-hot', 'email', 'x', '{% include "secrets" %}')`;
  expect((await notify(hot, organization)).error).toMatchObject({ code: 'invalid_template' });
});

it('editors write the texts of their organisation, and no others', async () => {
  const { workflow, run } = await prepare(hot);
  const editor = await runAsMember(sql, workflow);
  await run();
  const insert = (organization: string | null, role: string) =>
    sql.begin(async (tx) => {
      await tx`update public.organization_members set role = ${role} where user_id = ${editor}`;
      await tx`select workflow.assume_user(${editor}, ${workflow.organizationId})`;
      await tx`set local role authenticated`;
      await tx`insert into public.notification_templates (organization_id, template_id, channel, subject, body)
        values (${organization}, 'welcome', 'email', 'x', 'x')`;
    });
  await insert(workflow.organizationId, 'editor');
  await expect(insert(workflow.organizationId, 'viewer')).rejects.toMatchObject({ code: '42501' });
  await expect(insert(randomUUID(), 'owner')).rejects.toMatchObject({ code: '42501' });
  await expect(insert(null, 'owner')).rejects.toMatchObject({ code: '42501' });
});
