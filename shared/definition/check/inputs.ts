import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { suggest } from '../nearest.ts';
import { KEYWORD_NAMES, keywordHint } from './input-keywords.ts';

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** Checks the JSON Schema in `inputs`: an object at the top, known keywords and types, properties that exist. */
export function checkInputs(inputs: unknown, problems: Problems): void {
  if (!isObject(inputs)) return;
  if (inputs.type !== 'object') {
    problems.error('invalid_inputs', 'inputs.type', 'Inputs are an object', 'Write "type": "object".');
  }
  checkSchema(inputs, 'inputs', problems);
}

function checkSchema(schema: unknown, at: string, problems: Problems): void {
  if (typeof schema === 'boolean') return;
  if (!isObject(schema)) {
    problems.error('invalid_inputs', at, 'A schema is an object', 'Write { "type": "string" }.');
    return;
  }
  checkKeywords(schema, at, problems);
  checkTypes(schema.type, joinPath(at, 'type'), problems);
  checkRequired(schema, joinPath(at, 'required'), problems);
  for (const [keyword, inner] of innerSchemas(schema)) checkSchema(inner, `${at}.${keyword}`, problems);
}

function checkKeywords(schema: Record<string, unknown>, at: string, problems: Problems): void {
  for (const [name, value] of Object.entries(schema)) {
    const place = joinPath(at, name);
    const hint = keywordHint(name, value);
    if (!KEYWORD_NAMES.includes(name)) {
      const message = `Nothing evaluates "${name}"`;
      problems.error('invalid_inputs', place, message, suggest(name, [...KEYWORD_NAMES], 'keyword'));
    } else if (hint) {
      problems.error('invalid_inputs', place, `This does not fit "${name}"`, hint);
    }
  }
}

/** The schemas right inside a schema, by their path. */
function innerSchemas(schema: Record<string, unknown>): [string, unknown][] {
  const inner: [string, unknown][] = [];
  for (const keyword of ['items', 'additionalProperties', 'not']) {
    if (schema[keyword] !== undefined) inner.push([keyword, schema[keyword]]);
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    const list = schema[keyword];
    if (Array.isArray(list)) list.forEach((item, i) => void inner.push([`${keyword}[${i}]`, item]));
  }
  if (isObject(schema.properties)) {
    for (const [name, property] of Object.entries(schema.properties)) {
      inner.push([joinPath('properties', name), property]);
    }
  }
  return inner;
}

function checkTypes(type: unknown, at: string, problems: Problems): void {
  if (type === undefined) return;
  for (const name of Array.isArray(type) ? type : [type]) {
    if (TYPES.includes(name)) continue;
    problems.error(
      'invalid_inputs',
      at,
      `There is no type ${JSON.stringify(name)}`,
      suggest(String(name), TYPES, 'type'),
    );
  }
}

function checkRequired({ required, properties }: Record<string, unknown>, at: string, problems: Problems) {
  if (!Array.isArray(required) || !isObject(properties)) return;
  for (const name of required.map(String)) {
    if (Object.hasOwn(properties, name)) continue;
    const hint = suggest(name, Object.keys(properties), 'property');
    problems.error('invalid_inputs', at, `"${name}" is required but no property`, hint);
  }
}
