import type { Json } from '../../errors.ts';

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * JSON.parse that keeps what a double cannot hold: integers beyond 2^53 and decimals of more than
 * 15 significant digits become strings, all other numbers stay numbers.
 */
export function parseExactJson(text: string): Json {
  if (!/\d[\d.]{15}/.test(text)) return JSON.parse(text) as Json;
  const exact = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || isExact(token) ? token : `"${token}"`,
  );
  return JSON.parse(exact) as Json;
}

/** Whether a double holds the number that this JSON token writes. */
export function isExact(token: string): boolean {
  const [whole = '', fraction = ''] = token.replace(/^-/, '').split('.');
  const decimals = fraction.replace(/0+$/, '');
  if (decimals === '') return Number.isSafeInteger(Number(whole));
  return (whole + decimals).replace(/^0+/, '').length <= 15;
}
