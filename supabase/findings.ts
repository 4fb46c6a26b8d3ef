import { styleText } from 'node:util';

/** What a check found: a row of `workflow.health()`, or a check of the deployment. */
export interface Finding {
  check: string;
  status: 'ok' | 'warn' | 'error';
  value: string;
  /** What to do about it. */
  hint: string | null;
}

const marks = { ok: '✔ ok', warn: '! warn', error: '✘ error' };
const colors = { ok: 'green', warn: 'yellow', error: 'red' } as const;

/** Colours what goes to a terminal, and nothing else. */
function paint(status: Finding['status'], text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colors[status], text) : text;
}

/** Findings as lines, each hint below its own. */
export function tableOf(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length)) + 2;
  return findings
    .flatMap(({ check, status, value, hint }) => [
      `${paint(status, marks[status].padEnd(9))}${check.padEnd(width)}${value}`,
      ...(hint ? [`${' '.repeat(9 + width)}→ ${hint}`] : []),
    ])
    .join('\n');
}

export const hasError = (findings: Finding[]) => findings.some(({ status }) => status === 'error');

/** Hosted projects take TLS only, the local one has none; an address may say itself. */
export function encryptionOf(url: string): { ssl?: 'prefer' } {
  return /[?&]ssl(mode)?=/.test(url) ? {} : { ssl: 'prefer' };
}
