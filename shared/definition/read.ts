import { isObject } from '../expression/json.ts';
import type { DefinitionError } from './errors.ts';
import { LIMITS } from './schema/fields.ts';
import { FORMAT_VERSION } from './schema/workflow.ts';

type Read = { ok: true; value: Record<string, unknown> } | { ok: false; error: DefinitionError };

/** Takes a definition as plain JSON; refuses what could not be checked at all. */
export function readJson(definition: unknown): Read {
  let text: string | undefined;
  try {
    text = JSON.stringify(definition);
  } catch {
    text = undefined;
  }
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (text === undefined || !isObject(value)) {
    return refuse(
      'not_an_object',
      'A definition is a JSON object',
      'Write { "name": …, "trigger": …, "steps": [] }.',
    );
  }
  if (typeof value.formatVersion === 'number' && value.formatVersion > FORMAT_VERSION) {
    const message = `The definition is of format version ${value.formatVersion}, this release reads up to ${FORMAT_VERSION}`;
    return refuse(
      'unsupported_format',
      message,
      'Update the engine, or write the definition for its version.',
      'formatVersion',
    );
  }
  if (text.length > LIMITS.characters) {
    const message = `The definition has ${text.length} characters, at most ${LIMITS.characters} are allowed`;
    return refuse('definition_too_large', message, 'Move texts into templates and data into tables.');
  }
  if (depthExceeds(value, LIMITS.jsonDepth)) {
    return refuse('definition_too_deep', `JSON nests more than ${LIMITS.jsonDepth} deep`, 'Flatten it.');
  }
  return { ok: true, value };
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => depthExceeds(inner, limit - 1));
}

function refuse(code: string, message: string, hint: string, path = ''): Read {
  return { ok: false, error: { code, message, hint, path } };
}
