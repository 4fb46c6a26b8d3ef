import { type Json, StepError } from '../errors.ts';
import { addressOf, recipientsOf } from './recipients.ts';
import type { Channel, Content, Delivery, DeliveryRow, DeliveryStatus, Message } from './types.ts';

/** What became of the message to one recipient, in the step's output. */
interface Delivered {
  to: string;
  id: string;
  status: DeliveryStatus;
  providerId: string | null;
  reason?: string;
}

type Result = Delivered | StepError;

/** Messages of one step that are under way at the same time. */
const atOnce = 5;

/**
 * Sends what a notification says to everybody it names. Every message has its row in the delivery log,
 * written before it is sent and settled after. Recipients whom an earlier attempt has reached are not
 * written to again.
 *
 * @param content what each of them gets
 * @returns the step's output: status, ids and what became of each message
 * @throws StepError when a recipient cannot be addressed, before anything is sent, or when a message failed
 */
export async function deliver(
  channel: Channel,
  to: Message['to'],
  content: Content,
  delivery: Delivery,
): Promise<{ [key: string]: Json }> {
  const written = recipientsOf(to, channel);
  const addresses: string[] = [];
  for (const one of written) addresses.push(await addressOf(one, channel, delivery.deliveries));
  const keyOf = (address: string) =>
    written.length === 1 ? delivery.stepRunId : `${delivery.stepRunId}:${address}`;
  const results = await inTurns([...new Set(addresses)], (recipient) =>
    sendOne(channel, { ...content, recipient, key: keyOf(recipient) }, delivery),
  );
  const failures = results.filter((result) => result instanceof StepError);
  const delivered = results.filter((result) => !(result instanceof StepError)) as Delivered[];
  if (failures.length > 0) throw combined(failures, delivered, results.length);
  return { channel: channel.name, ...summary(delivered), deliveries: delivered as unknown as Json };
}

/** A channel that sends nothing. All else of a delivery happens, and goes with the transaction of a test run. */
export function muted(channel: Channel): Channel {
  return { ...channel, send: async () => null };
}

async function sendOne(
  channel: Channel,
  message: Content & { recipient: string; key: string },
  delivery: Delivery,
): Promise<Result> {
  const { deliveries } = delivery;
  const { recipient, key, subject, body, kept = body, template, locale } = message;
  const row = await deliveries.begin({
    channel: channel.name,
    key,
    recipient,
    subject,
    body: kept,
    template,
    locale,
  });
  if (row.status === 'held') return held(row);
  if (row.status !== 'sending') return deliveredOf(recipient, row);
  let providerId: string | null;
  try {
    providerId = await channel.send(message, delivery);
  } catch (error) {
    const failure = asStepError(error);
    const { code, message: text, retryable, details = {} } = failure;
    const settled = { code, message: text, retryable, details };
    await deliveries.settle(channel.name, row, { status: 'failed', error: settled });
    return failure;
  }
  const { provider } = channel;
  await deliveries.settle(channel.name, row, { status: 'sent', provider, provider_id: providerId });
  return deliveredOf(recipient, { ...row, status: 'sent', provider_id: providerId });
}

function deliveredOf(to: string, { id, status, provider_id, reason }: DeliveryRow): Delivered {
  return { to, id, status, providerId: provider_id, ...(reason === null ? {} : { reason }) };
}

/** The step waits with its message, until the quiet hours are over. */
function held({ wait_ms, reason }: DeliveryRow): StepError {
  return new StepError({
    code: 'quiet_hours',
    message: `The message waits: ${reason}.`,
    hint: 'It goes out by itself. Executions with a priority above 0 do not wait.',
    retryable: true,
    deferred: true,
    retryAfterMs: wait_ms ?? 60_000,
  });
}

/** Of the whole step: the first message's ids, and `skipped` only if nobody got one. */
function summary(delivered: Delivered[]): { [key: string]: Json } {
  const first = delivered.find(({ status }) => status !== 'skipped') ?? delivered[0];
  return { id: first?.id ?? null, status: first?.status ?? null, providerId: first?.providerId ?? null };
}

/** One error for those who were not reached: it may be tried again if that may reach one of them. */
function combined(failures: StepError[], delivered: Delivered[], count: number): StepError {
  const [first] = failures;
  const worth =
    failures.find(({ deferred }) => deferred) ??
    failures.find(({ retryable }) => retryable) ??
    (first as StepError);
  if (count === 1) return worth;
  const waits = failures.map(({ retryAfterMs }) => retryAfterMs ?? 0);
  return new StepError({
    code: worth.code,
    message: `${failures.length} of ${count} messages failed. ${worth.message}`,
    hint: worth.hint ?? 'The delivery log has every message and its error.',
    retryable: worth.retryable,
    deferred: worth.deferred,
    ...(Math.max(...waits) > 0 ? { retryAfterMs: Math.max(...waits) } : {}),
    details: { ...worth.details, failed: failures.length, sent: delivered.length },
  });
}

function asStepError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  const message = (error as Error).message ?? String(error);
  return new StepError({ code: 'handler_error', message, retryable: true });
}

async function inTurns<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  }
  return results;
}
