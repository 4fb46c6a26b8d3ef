import type { Json } from '../errors.ts';
import type { NotificationSettings, Rendered, TemplateText } from '../notifications/template.ts';
import { WorkflowError, workflowError } from './error.ts';
import type { AnySupabaseClient } from './supabase.ts';

/** A channel that notification templates have texts for. */
export type TemplateChannel = 'email' | 'sms' | 'push' | 'slack';

export interface PreviewOptions {
  /** What the template is filled with; its sample data by default. */
  data?: { [key: string]: Json };
  /** Such as `de`; the organisation's by default. */
  locale?: string;
  /** With these, the texts and settings of the organisation are used. */
  supabase?: AnySupabaseClient;
  organizationId?: string;
}

/**
 * What a notification template's recipients would get.
 *
 * @param id of the template
 * @returns subject, text, for e-mail the HTML, and the language that was found
 * @throws WorkflowError `unknown_notification_template`, or why the texts cannot be read
 * @throws StepError `template_data_missing`; ExpressionError when an organisation's own text is no Liquid
 */
export async function previewNotification(
  id: string,
  channel: TemplateChannel,
  { data, locale, supabase, organizationId }: PreviewOptions = {},
): Promise<Rendered> {
  // Loaded when they are needed, as the compiler is.
  const [{ notificationTemplate }, { chooseText, defaultSettings, renderTemplate }, { textsOf }] =
    await Promise.all([
      import('../../templates/notifications/index.ts'),
      import('../notifications/template.ts'),
      import('../notifications/seed.ts'),
    ]);
  const template = notificationTemplate(id);
  const own =
    supabase && organizationId ? await ownTexts(supabase, id, organizationId) : { texts: [], settings: null };
  const texts = [...(template ? textsOf(template) : []), ...own.texts];
  const settings = own.settings ?? defaultSettings;
  const text = chooseText(texts, channel, locale ?? null, settings);
  if (!text) {
    throw new WorkflowError({
      code: 'unknown_notification_template',
      message: `There is no notification template "${id}" for the channel ${channel}.`,
      hint: 'Check its id, and that it has a text for this channel.',
      path: 'id',
    });
  }
  const filling = data ?? ((template?.sample ?? {}) as { [key: string]: Json });
  return renderTemplate(text, filling, { ...settings, now: new Date() });
}

async function ownTexts(supabase: AnySupabaseClient, id: string, organizationId: string) {
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
  if (error) throw workflowError(error);
  return { texts: texts.data as TemplateText[], settings: settings.data as NotificationSettings | null };
}
