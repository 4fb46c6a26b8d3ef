import { parseExactJson } from '../actions/database/json.ts';
import { type Json, StepError } from '../errors.ts';
import { bodyKind, decodeText } from '../http/index.ts';

/** Levels of nesting; deeper JSON is an attack on whoever reads it. */
const MAX_DEPTH = 100;

/**
 * A response's body as JSON or text, as its content type says; null when there is none.
 *
 * @throws StepError `unreadable_response` for binary types and for JSON that is none
 */
export function parseBody(bytes: Uint8Array, contentType: string | null): Json {
  if (bytes.length === 0) return null;
  const kind = bodyKind(contentType);
  const text = kind === 'binary' ? undefined : decodeText(bytes, contentType, kind === 'unknown');
  if (text === undefined) {
    throw unreadable(`The body is of type ${contentType ?? 'unknown'}, which is neither JSON nor text.`);
  }
  return kind === 'json' ? parseJson(text) : text;
}

function parseJson(text: string): Json {
  let value: Json;
  try {
    // The exact reader is quadratic on what is no JSON: it must not be the first to see a stranger's text.
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw unreadable(`The content type promises JSON: ${(error as Error).message}`);
  }
  if (isDeeper(value, MAX_DEPTH)) throw unreadable(`The JSON nests more than ${MAX_DEPTH} levels deep.`);
  return parseExactJson(text);
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item as Json, levels - 1));
}

function unreadable(message: string): StepError {
  return new StepError({
    code: 'unreadable_response',
    message,
    hint: 'Ask for JSON or text with the Accept header, or let an action make the call.',
  });
}
