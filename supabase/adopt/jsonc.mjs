import { refuse } from './refusal.mjs';

/**
 * Small edits of JSON with comments that leave everything else as it is.
 *
 * @typedef {object} Value where a value stands in the text
 * @property {number} start
 * @property {number} end
 * @property {Member[]} [members] of an object
 *
 * @typedef {object} Member
 * @property {string} key
 * @property {number} start
 * @property {Value} value
 */

const blank = /(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*/y;
const scalar = /"(?:[^"\\]|\\.)*"|[\w.+-]+/y;

/**
 * @param {string} text
 * @param {string} path named when it cannot be read
 * @returns {Value}
 * @throws {Refusal} `invalid_json`
 */
export function parseJsonc(text, path) {
  const value = readValue(skip(0));
  if (skip(value.end) < text.length) fail(value.end);
  return value;

  /** @param {RegExp} pattern @param {number} at */
  function match(pattern, at) {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  }

  /** @param {number} at */
  function skip(at) {
    return at + (match(blank, at) ?? '').length;
  }

  /** @param {number} start @returns {Value} */
  function readValue(start) {
    if (text[start] === '{') return readList(start, '}', readMember);
    if (text[start] === '[') return readList(start, ']', readValue);
    const found = match(scalar, start) ?? fail(start);
    return { start, end: start + found.length };
  }

  /** @param {number} start @returns {Member & { end: number }} */
  function readMember(start) {
    const key = match(scalar, start) ?? fail(start);
    const colon = skip(start + key.length);
    if (!key.startsWith('"') || text[colon] !== ':') fail(start);
    const value = readValue(skip(colon + 1));
    return { key: JSON.parse(key), start, value, end: value.end };
  }

  /**
   * @param {number} start
   * @param {string} closing
   * @param {(at: number) => { end: number }} readItem
   * @returns {Value}
   */
  function readList(start, closing, readItem) {
    /** @type {any[]} */
    const items = [];
    let at = skip(start + 1);
    while (text[at] !== closing) {
      const item = readItem(at);
      items.push(item);
      at = skip(item.end);
      if (text[at] === ',') at = skip(at + 1);
      else if (text[at] !== closing) fail(at);
    }
    return { start, end: at + 1, members: closing === '}' ? items : undefined };
  }

  /** @param {number} at @returns {never} */
  function fail(at) {
    const line = text.slice(0, at).split('\n').length;
    return refuse(
      'invalid_json',
      `${path} is no JSON at line ${line}.`,
      'Correct it, then run this again.',
      path,
    );
  }
}

/**
 * The value at a path of keys; undefined where there is none.
 * @param {string} text
 * @param {string[]} keys
 * @param {string} path named when the text cannot be read
 */
export function getValue(text, keys, path) {
  const found = find(parseJsonc(text, path), keys);
  return found && (found.members ? found : JSON.parse(text.slice(found.start, found.end)));
}

/** @param {Value | undefined} value @param {string[]} keys @returns {Value | undefined} */
function find(value, keys) {
  for (const key of keys) value = value?.members?.find((member) => member.key === key)?.value;
  return value;
}

/**
 * Sets a text at a path of keys, making the objects on the way.
 * @param {string} text
 * @param {string[]} keys
 * @param {string} value
 * @param {string} path
 * @returns {string}
 */
export function setValue(text, keys, value, path) {
  const root = parseJsonc(text, path);
  const known = find(root, keys);
  if (known) return text.slice(0, known.start) + JSON.stringify(value) + text.slice(known.end);
  let depth = 0;
  let parent = root;
  for (let next = find(root, keys.slice(0, 1)); next; next = find(root, keys.slice(0, depth + 1))) {
    parent = next;
    depth += 1;
  }
  const step = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  /** @type {any} */
  let content = value;
  for (const key of keys.slice(depth + 1).reverse()) content = { [key]: content };
  const written = JSON.stringify(content, null, step).replaceAll('\n', `\n${step.repeat(depth + 1)}`);
  return insert(text, parent, `${JSON.stringify(keys[depth])}: ${written}`, step, depth);
}

/**
 * Appends a member to an object.
 * @param {string} text
 * @param {Value} object
 * @param {string} member
 * @param {string} step one level of indentation
 * @param {number} depth of the object
 */
function insert(text, object, member, step, depth) {
  const closing = object.end - 1;
  const line = `\n${step.repeat(depth + 1)}${member}`;
  const last = object.members?.at(-1);
  const inner = text.slice(object.start + 1, closing);
  const tail = /\s*$/.exec(inner)?.[0] ?? '';
  const end = tail.includes('\n') ? tail : `\n${step.repeat(depth)}`;
  const kept = inner.slice(0, inner.length - tail.length);
  const body = last ? withComma(kept, last.value.end - object.start - 1) : kept;
  return text.slice(0, object.start + 1) + body + line + end + text.slice(closing);
}

/** @param {string} text @param {number} at where the last value ends */
function withComma(text, at) {
  const rest = text.slice(at).replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
  return rest.includes(',') ? text : `${text.slice(0, at)},${text.slice(at)}`;
}

/**
 * Removes a member, and the objects on the way that it leaves empty.
 * @param {string} text
 * @param {string[]} keys
 * @param {string} path
 * @returns {string}
 */
export function removeValue(text, keys, path) {
  const root = parseJsonc(text, path);
  const members = find(root, keys.slice(0, -1))?.members ?? [];
  const index = members.findIndex(({ key }) => key === keys.at(-1));
  const member = members[index];
  if (!member) return text;
  if (members.length === 1 && keys.length > 1) return removeValue(text, keys.slice(0, -1), path);
  const previous = members[index - 1]?.value.end ?? 0;
  const before = text.slice(previous, member.start).trimEnd();
  const after = text.slice(member.value.end);
  const following = /^\s*,/.exec(after)?.[0];
  const between = following || index === 0 ? before : before.replace(',', '');
  return text.slice(0, previous) + between + after.slice(following?.length ?? 0);
}
