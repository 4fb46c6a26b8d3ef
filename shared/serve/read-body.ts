import { problem } from './problem.ts';

/**
 * Reads a request's body up to a limit; what is longer is not read on.
 *
 * @param maxBytes the longest body
 * @throws Problem 413 `body_too_large`
 */
export async function readRequestBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () =>
    problem(413, 'body_too_large', `The body is longer than ${maxBytes} bytes.`, 'Send less.');
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge();
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

/** Levels that JSON may nest; beyond them reading it is a danger to whoever does. */
const MAX_DEPTH = 100;

/**
 * Reads JSON text.
 *
 * @returns what it says, and the text itself, whose numbers have all their digits
 * @throws Problem 400 `invalid_json`
 */
export function parseJsonBody(bytes: Uint8Array): { text: string; value: unknown } {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw problem(400, 'invalid_json', 'The body is no JSON in UTF-8.', 'Send valid JSON.');
  }
  if (depthExceeds(value, MAX_DEPTH)) {
    throw problem(400, 'invalid_json', `The body nests more than ${MAX_DEPTH} levels deep.`, 'Flatten it.');
  }
  return { text, value };
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => depthExceeds(inner, limit - 1));
}
