import type { Difference } from './compare.ts';
import type { Session } from './drive/session.ts';
import type { Generated } from './generate.ts';

export interface Disagreement {
  seed: number;
  generated: Generated;
  sessions: readonly Session[];
  /** What happened that must not. */
  impossible: string | undefined;
  /** By session. */
  findings: readonly Difference[][];
  left: Record<string, number>;
}

/** All that is needed to understand a disagreement, and to repeat it. */
export function report({ seed, generated, sessions, impossible, findings, left }: Disagreement): string {
  const lines = [
    `Engine and interpreter disagree about the workflow of seed ${seed}.`,
    `Repeat it with: npm run fuzz -- --count 1 --seed ${seed}`,
    '',
    JSON.stringify(generated.definition, null, 2),
  ];
  for (const [i, session] of sessions.entries()) {
    lines.push('', `Execution ${i + 1}, input ${JSON.stringify(session.start.input)}`);
    lines.push(...session.log.map((line, n) => `  ${n + 1}. ${line}`));
    lines.push(...(findings[i] ?? []).flatMap(inLines));
  }
  if (impossible) lines.push('', `What must not happen: ${impossible}`);
  if (Object.keys(left).length > 0) lines.push('', `Left behind: ${JSON.stringify(left)}`);
  return lines.join('\n');
}

const inLines = ({ what, engine, interpreter }: Difference) => [
  `  ≠ ${what}`,
  `      engine       ${engine}`,
  `      interpreter  ${interpreter}`,
];
