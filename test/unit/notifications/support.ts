import { readFileSync, writeFileSync } from 'node:fs';
import { notificationTemplates } from '../../../templates/notifications/index.ts';

const project = new URL('../../../', import.meta.url);

/** The migration that is generated from the templates. */
export const seedFile = new URL('supabase/migrations/20261101000563_engine_notification_texts.sql', project);

const documentation = new URL('docs/notifications.md', project);
const [begin, end] = ['<!-- templates -->\n', '<!-- /templates -->'];

/** The table of the templates in the documentation. */
export const documentedTemplates = {
  read: () => readFileSync(documentation, 'utf8').split(begin)[1]?.split(end)[0],
  make() {
    const rows = notificationTemplates.map(({ id, description, data, texts }) => {
      const required = data.required as string[];
      const names = Object.keys(data.properties as object).map((name) =>
        required.includes(name) ? `\`${name}\`` : `\`${name}\`?`,
      );
      return `| \`${id}\` | ${description} | ${names.join(', ')} | ${Object.keys(texts).join(', ')} |\n`;
    });
    return `\n| template | sent when | data | languages |\n|---|---|---|---|\n${rows.join('')}\n`;
  },
  write() {
    const [before = '', rest = ''] = readFileSync(documentation, 'utf8').split(begin);
    writeFileSync(documentation, `${before}${begin}${this.make()}${end}${rest.split(end)[1] ?? ''}`);
  },
};
