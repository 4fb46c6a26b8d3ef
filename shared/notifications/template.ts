import { type Json, StepError } from '../errors.ts';
import { renderLiquid } from '../expression/index.ts';
import { type Brand, emailPage } from './layout.ts';

/** One text of a template: for a channel and a language, the engine's own or an organisation's. */
export interface TemplateText {
  organization_id: string | null;
  channel: string;
  locale: string;
  subject: string | null;
  body: string;
  html: string | null;
}

/** What an organisation has settled about its messages. */
export interface NotificationSettings extends Brand {
  locale: string;
}

export const defaultSettings: NotificationSettings = { locale: 'en', brand_name: null, footer: null };

/** A message made from a template. */
export interface Rendered {
  locale: string;
  subject?: string;
  body: string;
  html?: string;
}

/** The channel `log` writes whichever text there is. */
const forLog = ['slack', 'sms', 'push', 'email'];

/**
 * The text that fits best: in the wanted language, else in that language of any country, else in the
 * organisation's own, else in English; of these the organisation's own before the one the engine ships with.
 *
 * @param texts every text of a template that the organisation may use
 */
export function chooseText(
  texts: readonly TemplateText[],
  channel: string,
  locale: string | null,
  settings: Pick<NotificationSettings, 'locale'>,
): TemplateText | undefined {
  const channels = channel === 'log' ? forLog : [channel];
  const locales = [locale, settings.locale, 'en'].flatMap((one) => (one ? [one, one.slice(0, 2)] : []));
  for (const wanted of locales) {
    for (const name of channels) {
      const fitting = texts.filter((text) => text.channel === name && text.locale === wanted);
      const [text] = fitting.sort(
        (a, b) => Number(b.organization_id !== null) - Number(a.organization_id !== null),
      );
      if (text) return text;
    }
  }
  return undefined;
}

/**
 * Fills a text with data. What is written into HTML and into Slack's markup is escaped there.
 *
 * @param now the engine's clock, for `{{ now }}`
 * @throws StepError `template_data_missing`; ExpressionError when the text itself cannot be rendered
 */
export function renderTemplate(
  text: TemplateText,
  data: { [key: string]: Json },
  { now, ...settings }: NotificationSettings & { now: Date },
): Rendered {
  const roots = { ...data, now };
  const mode = text.channel === 'slack' ? 'slack' : 'text';
  const subject = text.subject === null ? undefined : filled(text.subject, roots, mode);
  const oneLine = subject?.replace(/\s+/g, ' ').trim();
  const body = filled(text.body, roots, mode).trim();
  const { locale } = text;
  const content = text.html === null ? undefined : filled(text.html, roots, 'html');
  const html = content && emailPage({ ...settings, locale, title: oneLine ?? '', content });
  return {
    locale,
    ...(oneLine === undefined ? {} : { subject: oneLine }),
    body,
    ...(html === undefined ? {} : { html }),
  };
}

function filled(source: string, roots: Parameters<typeof renderLiquid>[1], mode: 'text' | 'html' | 'slack') {
  try {
    return renderLiquid(source, roots, mode);
  } catch (error) {
    if ((error as { code?: string }).code !== 'missing_value') throw error;
    throw new StepError({
      code: 'template_data_missing',
      message: `The template needs data that is not there: ${(error as Error).message}`,
      hint: 'Give it in `data`; docs/notifications.md lists what each template needs.',
      path: 'data',
    });
  }
}
