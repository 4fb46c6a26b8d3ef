import type { z } from 'zod';
import { joinPath, lookUp } from '../expression/paths.ts';
import type { DefinitionError } from './errors.ts';
import { suggest } from './nearest.ts';
import { STEP_TYPES } from './schema/steps.ts';
import { TRIGGER_TYPES } from './schema/triggers.ts';

type Issue = z.core.$ZodIssue;

const DURATION_FIELDS = new Set(['timeout', 'delay', 'maxDelay', 'every', 'tolerance']);
const HINTS: Record<string, string> = {
  id: 'Begin with a letter in lower case; then letters, digits and _, at most 63.',
  as: 'Begin with a letter in lower case; then letters, digits and _, at most 63.',
  table: 'Write the table, such as leads or sales.orders.',
  expect: 'List codes and classes, such as [200, "3xx"].',
  if: 'Write CEL in a string, { "$": "…" }, or a rule tree.',
  when: 'Write CEL in a string, { "$": "…" }, or a rule tree.',
  items: 'Write CEL that gives a list, or a list.',
  onError: 'Write "fail", "continue" or a list of steps.',
  wait: 'Write "all", "any" or { "count": 2 }.',
  approvers: 'List user ids, e-mail addresses or roles such as "role:admin".',
};

/** Turns what a zod schema finds into errors that name the path and say what would be right. */
export function issueErrors(issue: Issue, input: unknown, at = ''): DefinitionError[] {
  const path = issue.path.reduce<string>(
    (known, key) => joinPath(known, typeof key === 'symbol' ? '' : key),
    at,
  );
  const value = lookUp(input, issue.path.map(String));
  const make = (code: string, message: string, hint: string, place = path) => ({
    code,
    message,
    hint,
    path: place,
  });
  const last = issue.path.at(-1);
  const known = typeof last === 'string' ? HINTS[last] : undefined;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        make(
          'unknown_field',
          `There is no field "${key}" here`,
          'Remove it, or correct its name.',
          joinPath(path, key),
        ),
      );
    case 'invalid_union':
      return unionErrors(issue, value, path, known);
    case 'invalid_type':
      if (value === undefined)
        return [
          make('missing_field', 'A required field is missing', known ?? `Add a value: ${issue.expected}.`),
        ];
      return [
        make(
          'invalid_type',
          `Expected ${issue.expected}, found ${typeName(value)}`,
          known ?? `Give ${issue.expected}.`,
        ),
      ];
    case 'invalid_value':
      return [
        make(
          'invalid_value',
          `${show(value)} is not among the choices`,
          suggest(String(value), issue.values.map(String), 'choice'),
        ),
      ];
    case 'invalid_format':
      return [formatError(issue.format, value, path, last, known)];
    default:
      return [
        make('invalid_value', sentence(issue.message), known ?? 'See the reference in docs/definition.md.'),
      ];
  }
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;

function unionErrors(
  issue: UnionIssue,
  value: unknown,
  path: string,
  known: string | undefined,
): DefinitionError[] {
  if ('discriminator' in issue && issue.errors.length === 0) {
    const names = path.endsWith('trigger.type') || path === 'trigger.type' ? TRIGGER_TYPES : STEP_TYPES;
    const message = value === undefined ? 'The type is missing' : `There is no type ${show(value)}`;
    return [{ code: 'unknown_type', message, hint: suggest(String(value ?? ''), names, 'type'), path }];
  }
  // The alternative that was meant is the one whose errors lie inside the value.
  const meant = issue.errors.find((errors) =>
    errors.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  if (meant && typeof value === 'object') return meant.flatMap((inner) => issueErrors(inner, value, path));
  const messages = issue.errors.flat().map((inner) => sentence(inner.message));
  const hint = known ?? `Any of these would do: ${[...new Set(messages)].slice(0, 4).join('; ')}.`;
  return [{ code: 'invalid_value', message: `${show(value)} does not fit`, hint, path }];
}

function formatError(
  format: string,
  value: unknown,
  path: string,
  last: PropertyKey | undefined,
  known: string | undefined,
): DefinitionError {
  if (typeof last === 'string' && DURATION_FIELDS.has(last)) {
    const hint = 'Write 30s, 15m, 3d or 1h30m.';
    return { code: 'invalid_duration', message: `${show(value)} is no duration`, hint, path };
  }
  const hint = known ?? `Correct it to a valid ${format === 'regex' ? 'value' : format}.`;
  return {
    code: last === 'id' ? 'invalid_id' : 'invalid_value',
    message: `${show(value)} does not fit`,
    hint,
    path,
  };
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
