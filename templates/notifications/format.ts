import { z } from 'zod';

/** Text with Liquid, filled with the template's data. */
const liquid = z.string().min(1);

/** Shown only when this value of the data is there. */
const condition = z.string().optional();

/** What an e-mail is made of, one below the other; text and HTML are made from the same. */
const block = z.union([
  liquid.describe('A paragraph.'),
  z.strictObject({ text: liquid, if: condition }),
  z.strictObject({ facts: z.array(z.tuple([liquid, liquid])).min(1), if: condition }),
  z.strictObject({ list: z.string().min(1), item: liquid }).describe('A line for each `item` of a list.'),
  z.strictObject({ button: liquid, url: liquid, if: condition }),
]);

const variants = z.strictObject({
  email: z.strictObject({ subject: liquid, body: z.array(block).min(1) }),
  sms: z.strictObject({ body: liquid }),
  push: z.strictObject({ subject: liquid, body: liquid }),
  slack: z.strictObject({ body: liquid.describe("Slack's own markup.") }),
});

const locale = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/);

/** A notification template as its file holds it. */
export const notificationTemplateSchema = z.strictObject({
  id: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  name: z.string().min(1),
  description: z.string().min(1).describe('When it is sent, in a sentence.'),
  data: z
    .looseObject({ type: z.literal('object'), additionalProperties: z.literal(false) })
    .describe('JSON Schema of what it is filled with.'),
  sample: z.record(z.string(), z.json()).describe('Data for previews; fits the schema.'),
  texts: z.record(locale, variants).describe('By language; `en` is always there.'),
});

export type Block = z.output<typeof block>;
export type Variants = z.output<typeof variants>;
export type NotificationTemplate = z.output<typeof notificationTemplateSchema>;
