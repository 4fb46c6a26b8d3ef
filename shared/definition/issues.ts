import type { z } from 'zod';
import { joinPath, lookUp } from '../expression/paths.ts';
import type { DefinitionError } from './errors.ts';
import { suggest } from './nearest.ts';

type Issue = z.core.$ZodIssue;

/** What would be right, by the name of the field. */
export type Hints = Readonly<Record<string, string>>;

const NAME = 'Begin with a letter in lower case; then letters, digits and _, at most 63.';
const CONDITION = 'Write CEL in a string, { "$": "…" }, or a rule tree.';
const DURATION = 'Write 30s, 15m, 3d or 1h30m.';

/** Hints for the fields of a definition. */
export const DEFINITION_HINTS: Hints = {
  id: NAME,
  as: NAME,
  table: 'Write the table, such as leads or sales.orders.',
  expect: 'List codes and classes, such as [200, "3xx"].',
  if: CONDITION,
  when: CONDITION,
  items: 'Write CEL that gives a list, or a list.',
  onError: 'Write "fail", "continue" or a list of steps.',
  wait: 'Write "all", "any" or { "count": 2 }.',
  approvers: 'List user ids, e-mail addresses or roles such as "role:admin".',
  timeout: DURATION,
  delay: DURATION,
  maxDelay: DURATION,
  every: DURATION,
  tolerance: DURATION,
};

/**
 * Turns what a zod schema finds into errors that name the path and say what would be right.
 * @param input what the schema was given
 * @param at path of `input` in the definition
 */
export function issueErrors(issue: Issue, input: unknown, at: string, hints: Hints = {}): DefinitionError[] {
  const path = issue.path.reduce<string>((known, key) => joinPath(known, toKey(key)), at);
  const value = lookUp(input, issue.path.map(String));
  const last = issue.path.at(-1);
  const known = typeof last === 'string' && Object.hasOwn(hints, last) ? hints[last] : undefined;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'unknown_field',
      message: `There is no field "${key}" here`,
      hint: 'Remove it, or correct its name.',
      path: joinPath(path, key),
    }));
  }
  if (issue.code === 'invalid_union') {
    const meant = meantAlternative(issue, value);
    if (meant) return meant.flatMap((inner) => issueErrors(inner, value, path, hints));
  }
  const { code, message, hint } = describe(issue, value);
  return [{ code: known === NAME ? 'invalid_id' : code, message, hint: known ?? hint, path }];
}

type Description = Omit<DefinitionError, 'path'>;

function describe(issue: Issue, value: unknown): Description {
  if (issue.code === 'invalid_union' && 'discriminator' in issue) return unknownType(issue, value);
  if (value === undefined) {
    return { code: 'missing_field', message: 'A required field is missing', hint: expectation(issue) };
  }
  switch (issue.code) {
    case 'invalid_type': {
      const message = `Expected ${issue.expected}, found ${typeName(value)}`;
      return { code: 'invalid_type', message, hint: expectation(issue) };
    }
    case 'invalid_value': {
      const hint = suggest(String(value), issue.values.map(String), 'choice');
      return { code: 'invalid_value', message: `${show(value)} is not among the choices`, hint };
    }
    case 'invalid_format': {
      const isDuration = issue.pattern?.includes('w)?(');
      const message = isDuration ? `${show(value)} is no duration` : `${show(value)} does not fit`;
      return { code: isDuration ? 'invalid_duration' : 'invalid_value', message, hint: expectation(issue) };
    }
    case 'invalid_union':
      return { code: 'invalid_value', message: `${show(value)} does not fit`, hint: expectation(issue) };
    default:
      return { code: 'invalid_value', message: sentence(issue.message), hint: expectation(issue) };
  }
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return `Give ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}.`;
  if (issue.code === 'invalid_format') {
    return issue.format === 'regex' ? `It has to match ${issue.pattern}.` : `Write a valid ${issue.format}.`;
  }
  if (issue.code !== 'invalid_union') return `${sentence(issue.message)}.`;
  const messages = new Set(issue.errors.flat().map((inner) => sentence(inner.message)));
  return messages.size > 0 ? `Any of these would do: ${[...messages].slice(0, 4).join('; ')}.` : 'Add it.';
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;

function unknownType(issue: UnionIssue, value: unknown): Description {
  const names = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  const message = value === undefined ? 'The type is missing' : `There is no type ${show(value)}`;
  return { code: 'unknown_type', message, hint: suggest(String(value ?? ''), names, 'type') };
}

/** The alternative that was meant is the one whose errors lie inside the value. */
function meantAlternative(issue: UnionIssue, value: unknown): Issue[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const isInside = (inner: Issue) => inner.path.length > 0 || inner.code === 'unrecognized_keys';
  return issue.errors.find((errors) => errors.some(isInside));
}

function toKey(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? '' : key;
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function sentence(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toUpperCase());
}
