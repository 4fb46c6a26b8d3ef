/**
 * CEL keeps `loop` for itself, and authors who know JavaScript write `a?.b` for CEL's `a.?b`. Both are put
 * right here without changing a character's position, so that errors still point at the author's text.
 */
export const LOOP_ALIAS = 'l0op';

const TOKEN =
  /(?:[rRbB]{0,2})("""[\s\S]*?"""|'''[\s\S]*?''')|[rR][bB]?("[^"\n]*"|'[^'\n]*')|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\?\.(?=[A-Za-z_])|\/\/[^\n]*|[A-Za-z_]\w*|[\s\S]/g;

/** Rewrites author's CEL to what the library parses; every position stays. */
export function toLibrarySource(source: string): string {
  let result = '';
  let afterDot = false;
  for (const [token] of source.matchAll(TOKEN)) {
    result += token === '?.' ? '.?' : token === 'loop' && !afterDot ? LOOP_ALIAS : token;
    if (!/^\s/.test(token)) afterDot = token === '.' || token === '?.' || (token === '?' && afterDot);
  }
  return result;
}
