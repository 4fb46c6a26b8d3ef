import { z } from 'zod';
import { notificationTemplate, notificationTemplates } from '../../templates/notifications/index.ts';

/** What the compiler asks of the templates the engine ships with. */
export const notificationCatalog = {
  get(id: string) {
    const template = notificationTemplate(id);
    if (!template) return undefined;
    const channels = [...Object.keys(template.texts.en ?? {}), 'log'];
    return { channels, data: z.fromJSONSchema(template.data as never) };
  },
  names: () => notificationTemplates.map(({ id }) => id),
};
