import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { previewNotification } from '../../../shared/client/preview-notification.ts';
import { notificationCatalog } from '../../../shared/notifications/catalog.ts';
import { seedMigration, textsOf } from '../../../shared/notifications/seed.ts';
import { notificationTemplateSchema } from '../../../templates/notifications/format.ts';
import { notificationTemplates } from '../../../templates/notifications/index.ts';
import { documentedTemplates, seedFile } from './support.ts';

/** Those that must be there in German, too. */
const inGerman = [
  'approval-decided',
  'approval-requested',
  'event-confirmed',
  'invoice-overdue',
  'lead-assigned',
  'payment-received',
  'registration-confirmed',
  'task-assigned',
  'ticket-received',
  'welcome',
];
const channels = ['email', 'sms', 'push', 'slack'] as const;

it('every template file is in the index, under its own name', () => {
  const files = readdirSync('templates/notifications').filter((name) => name.endsWith('.json'));
  expect(notificationTemplates.map(({ id }) => `${id}.json`)).toEqual(files.sort());
  expect(files.length).toBeGreaterThanOrEqual(42);
});

it('ten templates are there in German', () => {
  expect(notificationTemplates.filter(({ texts }) => texts.de).map(({ id }) => id)).toEqual(inGerman);
});

it('the migration holds exactly the texts of the files', () => {
  expect(readFileSync(seedFile, 'utf8'), 'run `npm run notifications:update`').toBe(
    seedMigration(notificationTemplates),
  );
});

it('the documentation lists every template with its data', () => {
  expect(documentedTemplates.read(), 'run `npm run notifications:update`').toBe(documentedTemplates.make());
});

describe.each(notificationTemplates.map((template) => [template.id, template] as const))(
  '%s',
  (id, template) => {
    it('has the shape of a template, and a sample that fits its schema', () => {
      expect(notificationTemplateSchema.parse(template)).toEqual(template);
      expect(template.texts.en).toBeDefined();
      expect(z.fromJSONSchema(template.data as never).parse(template.sample)).toEqual(template.sample);
    });

    it.each(Object.keys(template.texts))('reads as intended in %s', async (locale) => {
      for (const channel of channels) {
        const { html, ...rendered } = await previewNotification(id, channel, { locale });
        expect(rendered.locale).toBe(locale);
        expect(rendered).toMatchSnapshot(channel);
        if (html !== undefined) expect(html.split('\n').slice(21).join('\n')).toMatchSnapshot('html');
      }
    });

    it('does without what its schema does not require', async () => {
      const required = template.data.required as string[];
      const data = Object.fromEntries(
        Object.entries(template.sample).filter(([name]) => required.includes(name)),
      );
      for (const locale of Object.keys(template.texts)) {
        for (const channel of channels) {
          const { subject = '', body } = await previewNotification(id, channel, { data, locale });
          expect(`${subject}${body}`).not.toMatch(/undefined|null|\[object|\{\{|\{%/);
        }
      }
    });

    it('uses no data that its schema does not name, and all that it requires', () => {
      const properties = Object.keys(template.data.properties as object);
      const written = textsOf(template).map(({ subject, body, html }) => `${subject} ${body} ${html}`);
      for (const name of properties) {
        expect(
          written.some((text) => new RegExp(`\\b${name}\\b`).test(text)),
          name,
        ).toBe(true);
      }
      expect(notificationCatalog.get(id)?.channels).toEqual([...channels, 'log']);
    });
  },
);
