import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { suggest } from '../nearest.ts';

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** Checks the basics of the JSON Schema in `inputs`: an object at the top, known types, properties that exist. */
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
  checkTypes(schema.type, joinPath(at, 'type'), problems);
  checkRequired(schema, joinPath(at, 'required'), problems);
  if (schema.enum !== undefined && !(Array.isArray(schema.enum) && schema.enum.length > 0)) {
    problems.error('invalid_inputs', joinPath(at, 'enum'), 'enum lists the values', 'Write ["a", "b"].');
  }
  if (schema.properties !== undefined) {
    const place = joinPath(at, 'properties');
    if (!isObject(schema.properties)) {
      problems.error(
        'invalid_inputs',
        place,
        'properties maps names to schemas',
        'Write { "name": { "type": "string" } }.',
      );
    } else {
      for (const [name, property] of Object.entries(schema.properties))
        checkSchema(property, joinPath(place, name), problems);
    }
  }
  if (schema.items !== undefined) checkSchema(schema.items, joinPath(at, 'items'), problems);
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

function checkRequired(schema: Record<string, unknown>, at: string, problems: Problems): void {
  const { required, properties } = schema;
  if (required === undefined) return;
  if (!Array.isArray(required) || required.some((name) => typeof name !== 'string')) {
    problems.error('invalid_inputs', at, 'required lists names', 'Write ["name"].');
    return;
  }
  if (!isObject(properties)) return;
  for (const name of required) {
    if (Object.hasOwn(properties, name)) continue;
    const hint = suggest(name, Object.keys(properties), 'property');
    problems.error('invalid_inputs', at, `"${name}" is required but no property`, hint);
  }
}
