const TEXTS =
  /^(text\/.*|.*[+/](json|xml|yaml)|application\/(javascript|ecmascript|x-www-form-urlencoded|x-ndjson|jsonl|graphql|sql|jwt|x-yaml|toml))$/;

/** What a body is, as its content type says; `unknown` where none is given. */
export type BodyKind = 'json' | 'text' | 'binary' | 'unknown';

export function bodyKind(contentType: string | null): BodyKind {
  const essence = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (essence === '') return 'unknown';
  if (/^(application|text)\/([^+]*\+)?json$/.test(essence)) return 'json';
  return TEXTS.test(essence) ? 'text' : 'binary';
}

/**
 * Turns bytes into text in the character set that the content type names, UTF-8 by default.
 *
 * @param strict undefined instead of U+FFFD for bytes that are no text
 */
export function decodeText(
  bytes: Uint8Array,
  contentType: string | null,
  strict = false,
): string | undefined {
  const charset = /;\s*charset="?([\w.:-]+)"?/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return decoder(charset, strict).decode(bytes);
  } catch {
    return undefined;
  }
}

function decoder(charset: string, fatal: boolean): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal });
  } catch {
    return new TextDecoder('utf-8', { fatal });
  }
}
