import { isObject } from '../../expression/json.ts';

interface Keyword {
  fits(value: unknown): boolean;
  /** What would be right. */
  hint: string;
}

const number: Keyword = { fits: (value) => Number.isFinite(value), hint: 'Give a number.' };
const count: Keyword = {
  fits: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31,
  hint: 'Give a whole number from 0.',
};
/** Checked where it is gone through. */
const schema: Keyword = { fits: () => true, hint: '' };
const schemas: Keyword = {
  fits: (value) => Array.isArray(value) && value.length > 0,
  hint: 'List schemas, such as [{ "type": "string" }].',
};
const anything: Keyword = { fits: () => true, hint: '' };

/**
 * The keywords of a schema in `inputs`: what the database evaluates at every start, and what only tells people
 * something. Any other is refused, so that nobody relies on a check that is not made.
 */
const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: anything,
  enum: {
    fits: (value) => Array.isArray(value) && value.length > 0,
    hint: 'List the values, such as ["a", "b"].',
  },
  const: anything,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: {
    fits: (value) => Number.isFinite(value) && (value as number) > 0,
    hint: 'Give a number above 0.',
  },
  minLength: count,
  maxLength: count,
  minItems: count,
  maxItems: count,
  minProperties: count,
  maxProperties: count,
  uniqueItems: { fits: (value) => typeof value === 'boolean', hint: 'Write true or false.' },
  properties: { fits: isObject, hint: 'Write { "name": { "type": "string" } }.' },
  required: {
    fits: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    hint: 'List names, such as ["name"].',
  },
  additionalProperties: schema,
  items: schema,
  not: schema,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  $schema: anything,
  $comment: anything,
  title: anything,
  description: anything,
  default: anything,
  examples: anything,
  deprecated: anything,
  readOnly: anything,
  writeOnly: anything,
  format: anything,
};

export const KEYWORD_NAMES: readonly string[] = Object.keys(KEYWORDS);

/** What would be right for the value of a keyword; undefined when it fits, or is no keyword. */
export function keywordHint(name: string, value: unknown): string | undefined {
  const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
  return keyword && !keyword.fits(value) ? keyword.hint : undefined;
}
