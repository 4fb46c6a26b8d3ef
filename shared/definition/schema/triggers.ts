import { z } from 'zod';
import { duration, LIMITS, ruleTree } from './fields.ts';

const column = z.string().min(1).max(63);

const manual = z.strictObject({ type: z.literal('manual') }).describe('Started by a user or from code.');

const event = z
  .strictObject({
    type: z.literal('event'),
    table: z
      .string()
      .regex(/^[A-Za-z_][\w$]{0,62}(\.[A-Za-z_][\w$]{0,62})?$/)
      .describe('A watched table, with its schema unless that is public.'),
    events: z
      .array(z.enum(['insert', 'update', 'delete']))
      .min(1)
      .max(3),
    columns: z
      .array(column)
      .min(1)
      .max(LIMITS.columns)
      .optional()
      .describe('Updates count only when one of these columns changes.'),
    filter: ruleTree
      .optional()
      .describe('Which rows start the workflow; sees record, old_record and variables.'),
    allowSelf: z.boolean().default(false).describe("Whether the workflow's own writes start it again."),
  })
  .describe('Started by rows that are written.');

const schedule = z
  .strictObject({
    type: z.literal('schedule'),
    cron: z
      .string()
      .min(1)
      .optional()
      .describe('Five fields: minute, hour, day of month, month, day of week.'),
    timezone: z.string().optional().describe('IANA name, such as Europe/Berlin; UTC by default.'),
    at: z.string().optional().describe('Once, at this timestamp.'),
    every: duration.optional().describe('Again and again, this far apart.'),
    missedPolicy: z
      .enum(['skip', 'once', 'all'])
      .optional()
      .describe('What becomes of runs that were missed: none, one for all (default), or the latest of them.'),
    missedLimit: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('How many missed runs are made up for under "all", and wait under "queue"; 10 by default.'),
    overlapPolicy: z
      .enum(['allow', 'skip', 'queue'])
      .optional()
      .describe('While the last run is open: start (default), leave out, or start after it.'),
  })
  .describe('Started by the clock: one of cron, at, every.');

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/)
  .refine((name) => !/^(authorization|proxy-authorization|cookie|apikey)$/i.test(name), {
    error: 'Credentials are not stored',
  });

const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    headers: z
      .record(z.string().regex(/^[A-Za-z_]\w{0,62}$/), headerName)
      .refine((chosen) => Object.keys(chosen).length <= 20, { error: 'At most 20 headers' })
      .optional()
      .describe('Headers of the request that become fields of `input`: field to header.'),
    allowedIps: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
      .min(1)
      .max(100)
      .optional()
      .describe('Addresses and CIDR ranges that requests may come from; any by default.'),
    requestsPerMinute: z.int().min(1).max(100_000).default(600),
    maxBytes: z.int().min(1).max(5_000_000).default(1_000_000).describe('The longest body.'),
    hmac: z
      .strictObject({
        secret: z.strictObject({ $secret: z.string().min(1) }),
        header: z
          .string()
          .min(1)
          .default('x-signature')
          .describe('Header with the hex HMAC-SHA256 of the body.'),
        timestampHeader: z
          .string()
          .min(1)
          .optional()
          .describe('Header with the Unix time, signed as `<time>.<body>`.'),
        tolerance: duration.default('5m').describe('How far that time may be off.'),
      })
      .optional(),
  })
  .describe('Started by an HTTP request; its body, JSON or a form, is `input`.');

export const trigger = z.discriminatedUnion('type', [manual, event, schedule, webhook]);

export const TRIGGER_TYPES = ['manual', 'event', 'schedule', 'webhook'];
