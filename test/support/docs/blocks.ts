/** A fenced block of a page, and what the comment above it says about running it. */
export interface Block {
  page: string;
  /** Of its fence, counted from 1. */
  line: number;
  language: string;
  code: string;
  /** Why it, or some lines of it, cannot run here. */
  skipped?: { lines?: string; reason: string };
  /** Run it again until it prints what is expected. */
  repeat: boolean;
  /** What it prints: the next `text` block, or the `json` block right below it. */
  expected?: { language: string; text: string };
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;
const comment = /<!-- run: ([^>]*?) -->\n$/;
const skip = /^skip (?:`([^`]+)` )?because (.+)$/s;
const runnable = new Set(['sh', 'sql', 'ts']);

/**
 * Reads the blocks of a page. Right above a block may stand
 *
 * - `<!-- run: skip because … -->`: it cannot run here;
 * - ``<!-- run: skip `npm ci` because … -->``: its lines that begin so cannot;
 * - `<!-- run: repeat -->`: it reads something that takes a moment, and runs until it prints what stands below.
 *
 * @throws when such a comment says something else
 */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const found of text.matchAll(fence)) {
    const [whole, language = '', code = ''] = found;
    const between = text.slice(end, found.index);
    const before = blocks.findLast((block) => runnable.has(block.language));
    const isBelow = before === blocks.at(-1) && !between.trim();
    end = found.index + whole.length;
    if (before && !before.expected && (language === 'text' || (language === 'json' && isBelow))) {
      before.expected = { language, text: code };
      continue;
    }
    const line = text.slice(0, found.index).split('\n').length;
    blocks.push({ page, line, language, code, ...directiveOf(between, `${page}:${line}`) });
  }
  return blocks;
}

function directiveOf(between: string, place: string): Pick<Block, 'skipped' | 'repeat'> {
  const directive = comment.exec(between)?.[1];
  if (directive === undefined) return { repeat: false };
  if (directive === 'repeat') return { repeat: true };
  const [, lines, reason] = skip.exec(directive) ?? [];
  if (!reason) throw new Error(`${place}: "run: ${directive}" is neither "skip because …" nor "repeat".`);
  return { repeat: false, skipped: { reason, ...(lines ? { lines } : {}) } };
}
