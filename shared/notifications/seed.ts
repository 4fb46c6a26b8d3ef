import type { NotificationTemplate, Variants } from '../../templates/notifications/index.ts';
import { emailBody } from './markup.ts';
import type { TemplateText } from './template.ts';

/** The texts of a template as its files hold them, one for each channel and language. */
export function textsOf({ texts }: NotificationTemplate): TemplateText[] {
  return Object.entries(texts).flatMap(([locale, variants]) =>
    Object.entries(variants).map(([channel, variant]) => ({
      organization_id: null,
      channel,
      locale,
      ...written(variant),
    })),
  );
}

function written(variant: Variants[keyof Variants]): Pick<TemplateText, 'subject' | 'body' | 'html'> {
  const subject = 'subject' in variant ? variant.subject : null;
  if (typeof variant.body === 'string') return { subject, body: variant.body, html: null };
  const { text, html } = emailBody(variant.body);
  return { subject, body: text, html };
}

/** The migration that puts the texts into the database; a test holds it to the files. */
export function seedMigration(templates: readonly NotificationTemplate[]): string {
  const rows = templates.flatMap((template) =>
    textsOf(template).map(({ channel, locale, subject, body, html }) =>
      [template.id, channel, locale, subject, body, html].map(literal).join(', '),
    ),
  );
  return `-- Generated from templates/notifications by \`npm run notifications:update\`. Do not edit.

delete from public.notification_templates where organization_id is null;
insert into public.notification_templates (template_id, channel, locale, subject, body, html) values
${rows.map((row) => `  (${row})`).join(',\n')};
`;
}

/** Line breaks are written as such: the file stays one row a line, and readable in a comparison. */
function literal(value: string | null): string {
  if (value === null) return 'null';
  const quoted = value.replaceAll("'", "''");
  return /[\\\n]/.test(quoted)
    ? `e'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'`
    : `'${quoted}'`;
}
