import type { Block } from './blocks.ts';

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const time = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?/g;

/**
 * Whether a block printed what its page says. Any id stands for any id and any moment for any moment, `…` for anything (on a
 * line of its own for any lines), and columns may be of any width.
 */
export function isPrinted(expected: NonNullable<Block['expected']>, printed: string): boolean {
  if (expected.language === 'json') {
    try {
      return fits(JSON.parse(expected.text), JSON.parse(printed));
    } catch {
      return false;
    }
  }
  const lines = plain(expected.text).split('\n');
  const pattern = lines.map((line) => (line === '…' ? '(?:.*\n)*?' : `${escaped(line)}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${plain(printed)}\n`);
}

/** Objects have the same fields; texts are compared as everywhere. */
function fits(expected: unknown, printed: unknown): boolean {
  if (typeof expected === 'string')
    return new RegExp(`^${escaped(plain(expected))}$`).test(plain(String(printed)));
  if (typeof expected !== 'object' || expected === null) return expected === printed;
  if (typeof printed !== 'object' || printed === null) return false;
  const [one, other] = [expected, printed] as Record<string, unknown>[];
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  return [...names].every((name) => fits(one?.[name], other?.[name]));
}

function plain(text: string): string {
  return text
    .replace(uuid, '<id>')
    .replace(time, '<time>')
    .replace(/-{3,}/g, '--')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

function escaped(line: string): string {
  return line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*?');
}
