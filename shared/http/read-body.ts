import { StepError } from '../errors.ts';
import { exchange } from './failure.ts';
import type { Answer } from './send.ts';

/** Bytes; a step's output holds no more. */
export const MAX_RESPONSE_BYTES = 1_048_576;

/** Bytes and milliseconds; enough to say what went wrong. */
const EXCERPT = { bytes: 4_096, milliseconds: 2_000 };

/**
 * Reads a body, unpacked, up to a size.
 *
 * @throws StepError `response_too_large`, `http_failed` or `timeout`
 */
export function readBody({ response, host }: Answer, signal: AbortSignal): Promise<Uint8Array> {
  return exchange(host, signal, async () => {
    const { bytes, isWhole } = await readUpTo(response, MAX_RESPONSE_BYTES);
    if (isWhole) return bytes;
    throw new StepError({
      code: 'response_too_large',
      message: `${host} answered with more than ${MAX_RESPONSE_BYTES / 1_048_576} MB.`,
      hint: 'Ask for less: a page, or fewer fields.',
    });
  });
}

/** The beginning of a body, for an error; as much of it as comes soon. */
export async function readExcerpt({ response }: Answer): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, EXCERPT.milliseconds, undefined);
  });
  try {
    return (await readUpTo(response, EXCERPT.bytes, patience)).bytes;
  } catch {
    return new Uint8Array();
  } finally {
    clearTimeout(timer);
  }
}

async function readUpTo(
  response: Response,
  limit: number,
  patience?: Promise<undefined>,
): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const next = await (patience ? Promise.race([reader.read(), patience]) : reader.read());
    if (next?.value) {
      chunks.push(next.value);
      size += next.value.length;
    }
    if (next?.done) break;
    if (next && size <= limit) continue;
    await reader.cancel();
    return { bytes: joined(chunks, size).subarray(0, limit), isWhole: false };
  }
  return { bytes: joined(chunks, size), isWhole: true };
}

function joined(chunks: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
