import { celSource, wrapperOf } from '../../expression/evaluate.ts';
import { checkRule, compileCel, ExpressionError } from '../../expression/index.ts';
import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';
import { type LocatedReference, references } from '../../expression/references.ts';
import type { Problems } from '../errors.ts';

/** How a field is evaluated: as JSON with expressions, as a condition, or as the items of a loop. */
export type ExpressionKind = 'json' | 'condition' | 'items';

export interface ExpressionField {
  value: unknown;
  at: string;
  kind: ExpressionKind;
  /** Whether `{ "$secret": … }` is filled in here. */
  secrets?: 'filled' | 'unfilled';
}

/** Checks the syntax and types of a field's expressions and lists what they refer to. */
export function checkField(field: ExpressionField, problems: Problems): LocatedReference[] {
  const { value, at, kind } = field;
  if (value === undefined) return [];
  const source = kind === 'json' ? undefined : celSource(value);
  if (source !== undefined) return checkCel(source, at, kind, problems);
  if (kind === 'condition') return checkRuleField(value, at, problems);
  checkWrappers(field, value, at, problems);
  return references(value, at, (error, place) => report(error, place, problems));
}

/** Checks a rule tree and lists the paths it names. */
export function checkRuleField(value: unknown, at: string, problems: Problems): LocatedReference[] {
  if (!isObject(value)) return [];
  const found: LocatedReference[] = [];
  const onPath = (path: string, place: string) => {
    const [first = '', ...rest] = path.split('.');
    const isRow = first === 'record' || first === 'old_record';
    const [root, members] = isRow ? ['trigger', [first, ...rest]] : [first, rest];
    found.push({ root, path: members, dynamic: false, optional: false, at: place });
  };
  for (const { message, hint, path } of checkRule(value, at, onPath))
    problems.error('invalid_rule', path, message, hint);
  return found;
}

function checkCel(source: string, at: string, kind: ExpressionKind, problems: Problems): LocatedReference[] {
  try {
    const { type, references: found } = compileCel(source);
    if (kind === 'condition' && !/^(bool|dyn|optional)/.test(type)) {
      const hint = 'Compare the value with something, such as `x != null`.';
      problems.error(
        'condition_not_boolean',
        at,
        `The condition gives a ${type} and not true or false`,
        hint,
      );
    }
    if (kind === 'items' && !/^(list|dyn|optional)/.test(type)) {
      const hint = 'Point at a list, such as steps.find.output.rows.';
      problems.error('items_not_list', at, `The items are a ${type} and not a list`, hint);
    }
    return found.map((reference) => ({ ...reference, at }));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    report(error, at, problems);
    return [];
  }
}

function checkWrappers(field: ExpressionField, value: unknown, at: string, problems: Problems): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkWrappers(field, item, joinPath(at, i), problems);
    return;
  }
  if (!isObject(value)) return;
  const wrapper = wrapperOf(value);
  if (wrapper === '$secret') checkSecret(field, value.$secret, at, problems);
  if (wrapper !== undefined) return;
  for (const key of Object.keys(value)) {
    if (key === '$' || key === '$raw' || key === '$secret') {
      problems.error(
        'mixed_expression',
        at,
        `"${key}" stands beside other keys`,
        `Write { "${key}": … } alone.`,
      );
    } else {
      checkWrappers(field, value[key], joinPath(at, key), problems);
    }
  }
}

function checkSecret(field: ExpressionField, name: unknown, at: string, problems: Problems): void {
  const places = 'Secrets are filled in in the headers, query and body of http steps.';
  if (typeof name !== 'string' || !/^[A-Za-z]\w{0,62}$/.test(name)) {
    problems.error('invalid_secret', at, 'The name of a secret is missing', 'Write { "$secret": "NAME" }.');
  } else if (field.secrets === undefined) {
    problems.error('secret_not_allowed', at, 'A secret would not be filled in here', places);
  } else if (field.secrets === 'unfilled') {
    problems.warn('secret_not_filled', at, 'The action gets the name of the secret, not its value', places);
  }
}

function report(error: ExpressionError, at: string, problems: Problems): void {
  problems.error(
    error.code,
    at,
    error.message,
    error.hint ?? 'See the expression reference in docs/definition.md.',
  );
}
