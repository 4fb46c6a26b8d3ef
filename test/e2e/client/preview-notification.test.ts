import { expect, it } from 'vitest';
import { WorkflowService } from '../../../shared/client/index.ts';
import { signUp } from '../../support/platform.ts';

it("a preview shows a template with its sample, in the organisation's own words where it has them", async () => {
  const { client, organizationId } = await signUp();
  const service = new WorkflowService(client);
  const shipped = await service.previewNotification('welcome', 'email', undefined, 'de', organizationId);
  expect(shipped).toMatchObject({ locale: 'de', subject: 'Willkommen bei Northwind Events, Ada' });
  const { error } = await client.from('notification_templates').insert({
    organization_id: organizationId,
    template_id: 'welcome',
    channel: 'email',
    locale: 'de',
    subject: 'Moin {{ firstName }}',
    body: 'Moin!',
    html: '<p>Moin, {{ firstName }}!</p>',
  });
  expect(error).toBeNull();
  await client
    .from('notification_settings')
    .insert({ organization_id: organizationId, brand_name: 'Nordwind' });
  const data = { firstName: '<Ada>', organizationName: 'x' };
  const own = await service.previewNotification('welcome', 'email', data, 'de', organizationId);
  expect(own).toMatchObject({ subject: 'Moin <Ada>', body: 'Moin!' });
  expect(own.html).toContain('<p>Moin, &lt;Ada&gt;!</p>');
  expect(own.html).toContain('Nordwind');
  expect(await service.previewNotification('welcome', 'email', data, 'de')).not.toMatchObject({
    body: 'Moin!',
  });
});

it('a preview of what is not there says so', async () => {
  const service = new WorkflowService((await signUp()).client);
  await expect(service.previewNotification('no-such', 'sms')).rejects.toMatchObject({
    code: 'unknown_notification_template',
  });
});
