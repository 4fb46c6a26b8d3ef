import { isObject } from './json.ts';

const INDEX = /^-?\d{1,9}$/;

/**
 * Looks up a dotted path such as `record.items.0.name` in data, own properties only.
 * A negative index counts from the end of an array.
 * @returns the value, or undefined when there is none
 */
export function lookUp(data: unknown, path: readonly string[]): unknown {
  let value = data;
  for (const segment of path) {
    if (Array.isArray(value)) {
      if (!INDEX.test(segment)) return undefined;
      value = value.at(Number(segment));
    } else if (isObject(value) && Object.hasOwn(value, segment)) {
      value = value[segment];
    } else {
      return undefined;
    }
  }
  return value;
}

/** Appends a key or an index to a path as messages show it: `steps[2].then[0].params.to`. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
