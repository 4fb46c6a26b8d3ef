import { describe, expect, it } from 'vitest';
import { previewNotification } from '../../../shared/client/preview-notification.ts';
import { compile } from '../../../shared/definition/index.ts';
import { notificationCatalog } from '../../../shared/notifications/catalog.ts';
import {
  chooseText,
  defaultSettings,
  renderTemplate,
  type TemplateText,
} from '../../../shared/notifications/index.ts';

const evil = '<script>alert("x")</script> & <https://evil.example|click>';

describe('what data say', () => {
  it('is escaped in HTML, and not in text', async () => {
    const data = { leadName: evil, score: 1 };
    const { subject, body, html } = await previewNotification('lead-hot', 'email', { data });
    expect(subject).toContain('<script>');
    expect(body).toContain('<script>');
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('<https');
    expect(html).toContain('&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp;');
  });

  it("is escaped in Slack's markup", async () => {
    const { body } = await previewNotification('lead-hot', 'slack', {
      data: { leadName: evil, score: 1, url: 'https://example.com/?a=1&b=2' },
    });
    expect(body).toContain(
      '&lt;script&gt;alert("x")&lt;/script&gt; &amp; &lt;https://evil.example|click&gt;',
    );
    expect(body).toContain('<https://example.com/?a=1&amp;b=2|Open the lead>');
  });

  it('makes no second line of a subject', async () => {
    const data = { leadName: 'Ada\r\nBcc: everybody@example.com', score: 1 };
    expect((await previewNotification('lead-hot', 'email', { data })).subject).toBe(
      'Hot lead: Ada Bcc: everybody@example.com (1)',
    );
  });

  it('is asked for when it is missing', async () => {
    await expect(previewNotification('lead-hot', 'sms', { data: { score: 1 } })).rejects.toMatchObject({
      code: 'template_data_missing',
      path: 'data',
    });
  });
});

describe('the text that fits best', () => {
  const text = (locale: string, organization_id: string | null = null, channel = 'email'): TemplateText => ({
    organization_id,
    channel,
    locale,
    subject: `${organization_id ?? 'shipped'} ${locale}`,
    body: 'x',
    html: null,
  });
  const all = [text('en'), text('de'), text('en', 'ours'), text('de-AT', 'ours'), text('en', null, 'sms')];
  const chosen = (locale: string | null, own = 'en', texts = all) =>
    chooseText(texts, 'email', locale, { locale: own })?.subject;

  it.each([
    ['the language', 'de', 'en', 'shipped de'],
    ['the language in another country', 'de-CH', 'en', 'shipped de'],
    ['the very locale', 'de-AT', 'en', 'ours de-AT'],
    ["the organisation's language, where the wanted one is not there", 'fr', 'de', 'shipped de'],
    ['English in the end', 'fr', 'it', 'ours en'],
    ["the organisation's own before the one that ships", null, 'en', 'ours en'],
  ])('is %s', (_, locale, own, expected) => {
    expect(chosen(locale, own)).toBe(expected);
  });

  it('is none where the channel has none', () => {
    expect(chooseText(all, 'push', 'en', { locale: 'en' })).toBeUndefined();
  });

  it('carries the name and footer of the organisation, escaped', () => {
    const settings = { ...defaultSettings, brand_name: 'North & Wind', footer: 'Pier 4\n<London>' };
    const { html } = renderTemplate(
      { ...text('en'), html: '<p>Hi</p>' },
      {},
      { ...settings, now: new Date(0) },
    );
    expect(html).toContain('North &#38; Wind');
    expect(html).toContain('Pier 4<br>&#60;London&#62;');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  });
});

describe('at publishing', () => {
  const errorsOf = (fields: object) => {
    const step = { id: 'tell', type: 'notification', channel: 'email', to: 'ada@example.com', ...fields };
    const result = compile(
      { name: 'Test', trigger: { type: 'manual' }, steps: [step] },
      { actions: { get: () => undefined, names: () => [] }, templates: notificationCatalog },
    );
    return result.ok ? [] : result.errors.map(({ code, path, hint }) => ({ code, path, hint }));
  };
  const data = { leadName: 'Ada', score: { $: '91' } };

  it('a template that exists, with the data it needs, is accepted', () => {
    expect(errorsOf({ template: 'lead-hot', data })).toEqual([]);
  });

  it('a template that is none is refused, with the nearest name', () => {
    expect(errorsOf({ template: 'lead-hott', data })).toEqual([
      {
        code: 'unknown_notification_template',
        path: 'steps[0].template',
        hint: expect.stringContaining('lead-hot'),
      },
    ]);
  });

  it('data that a template needs and data that it does not know are named', () => {
    const errors = errorsOf({ template: 'lead-hot', data: { leadName: 7, scores: 91 } });
    expect(errors.map(({ code, path }) => [code, path])).toEqual(
      expect.arrayContaining([
        ['invalid_template_data', 'steps[0].data.leadName'],
        ['invalid_template_data', 'steps[0].data.score'],
        ['invalid_template_data', 'steps[0].data.scores'],
      ]),
    );
  });

  it('what is known only at run time is left to it', () => {
    expect(errorsOf({ template: '{{ input.x }}' })).toEqual([]);
    expect(errorsOf({ template: 'lead-hot', data: { $: 'input' } })).toEqual([]);
  });
});
