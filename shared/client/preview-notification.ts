import type { SupabaseClient } from '@supabase/supabase-js';
import { notificationTemplate } from '../../templates/notifications/index.ts';
import type { Json } from '../errors.ts';
import {
  chooseText,
  defaultSettings,
  type NotificationSettings,
  type Rendered,
  renderTemplate,
  type TemplateText,
} from '../notifications/index.ts';
import { textsOf } from '../notifications/seed.ts';

/** A channel that notification templates have texts for. */
export type TemplateChannel = 'email' | 'sms' | 'push' | 'slack';

export interface PreviewOptions {
  /** What the template is filled with; its sample data by default. */
  data?: { [key: string]: Json };
  /** Such as `de`; the organisation's by default. */
  locale?: string;
  /** With these, the texts and settings of the organisation are used. */
  supabase?: SupabaseClient;
  organizationId?: string;
}

/**
 * What a notification template's recipients would get.
 *
 * @param id of the template
 * @returns subject, text, for e-mail the HTML, and the language that was found
 * @throws Error when there is no such template, or its texts cannot be read
 * @throws StepError `template_data_missing`; ExpressionError when an organisation's own text is no Liquid
 */
export async function previewNotification(
  id: string,
  channel: TemplateChannel,
  { data, locale, supabase, organizationId }: PreviewOptions = {},
): Promise<Rendered> {
  const template = notificationTemplate(id);
  const own =
    supabase && organizationId ? await ownTexts(supabase, id, organizationId) : { texts: [], settings: null };
  const texts = [...(template ? textsOf(template) : []), ...own.texts];
  const settings = own.settings ?? defaultSettings;
  const text = chooseText(texts, channel, locale ?? null, settings);
  if (!text) throw new Error(`There is no notification template "${id}" for the channel ${channel}.`);
  const filling = data ?? ((template?.sample ?? {}) as { [key: string]: Json });
  return renderTemplate(text, filling, { ...settings, now: new Date() });
}

async function ownTexts(supabase: SupabaseClient, id: string, organizationId: string) {
  const [texts, settings] = await Promise.all([
    supabase
      .from('notification_templates')
      .select('organization_id, channel, locale, subject, body, html')
      .eq('template_id', id)
      .eq('organization_id', organizationId),
    supabase
      .from('notification_settings')
      .select('locale, brand_name, footer')
      .eq('organization_id', organizationId)
      .maybeSingle(),
  ]);
  const error = texts.error ?? settings.error;
  if (error) throw new Error(error.message);
  return { texts: texts.data as TemplateText[], settings: settings.data as NotificationSettings | null };
}
