/** What the commands cannot do, and what to do about it. */
export class Refusal extends Error {
  /**
   * @param {{ code: string, message: string, hint: string, path?: string }} details
   */
  constructor({ code, message, hint, path }) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.path = path;
  }
}

/**
 * @param {string} code stands in docs/errors.md
 * @param {string} message
 * @param {string} hint the next thing to do
 * @param {string} [path] the file it is about
 * @returns {never}
 * @throws {Refusal}
 */
export function refuse(code, message, hint, path) {
  throw new Refusal({ code, message, hint, path });
}
