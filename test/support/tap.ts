import { Parser } from 'tap-parser';

/** One assertion of a TAP stream. */
export interface Assertion {
  name: string;
  ok: boolean;
  skip: boolean;
  /** What the producer said about a failure. */
  diagnostics: string;
}

/** The assertions of a TAP stream; one that fails is added when their number is not the planned one. */
export function parseTap(tap: string): Assertion[] {
  const assertions: Assertion[] = [];
  let problem = '';
  for (const [type, value] of Parser.parse(tap)) {
    if (type === 'assert') {
      const { ok, name, id, skip, todo } = value;
      assertions.push({
        name: name || `assertion ${id}`,
        ok: ok || Boolean(todo),
        skip: Boolean(skip),
        diagnostics: '',
      });
    } else if (type === 'comment') {
      const last = assertions.at(-1);
      if (last && !last.ok) last.diagnostics += value.replace(/^# ?/, '');
    } else if (type === 'bailout') {
      problem = `bailed out: ${value}`;
    } else if (type === 'complete' && !value.plan) {
      problem ||= 'there is no plan: begin with select plan(n)';
    } else if (type === 'complete' && value.plan?.end !== assertions.length && !value.plan?.skipAll) {
      problem ||= `${value.plan?.end} assertions were planned and ${assertions.length} ran`;
    }
  }
  if (problem) assertions.push({ name: 'runs as planned', ok: false, skip: false, diagnostics: problem });
  return assertions;
}
