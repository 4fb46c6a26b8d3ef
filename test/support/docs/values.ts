/** What the blocks of a page know of each other, by camelCase name: constants of TypeScript, variables of a shell, placeholders. */
export type Values = Map<string, unknown>;

export const camelCase = (name: string) =>
  name.toLowerCase().replace(/[_ ](\w)/g, (_, letter: string) => letter.toUpperCase());

/** Texts as variables of a shell: `workflowId` is `WORKFLOW_ID`. */
export function environmentOf(values: Values): Record<string, string> {
  const upper = (name: string) => name.replace(/[A-Z]/g, '_$&').toUpperCase();
  const texts = [...values].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts.map(([name, value]) => [upper(name), value]));
}

const placeholder = /<([a-z]+(?: [a-z]+)*)>/g;

/** The names that stand in `<angle brackets>`. */
export function placeholdersOf(code: string): string[] {
  return [...code.matchAll(placeholder)].map(([, words = '']) => camelCase(words));
}

/** Writes values in place of `<workflow id>`. @throws when there is none */
export function filledIn(code: string, values: Values): string {
  return code.replace(placeholder, (whole, words: string) => {
    const value = values.get(camelCase(words));
    if (value === undefined) throw new Error(`Nobody says what ${whole} is.`);
    return String(value);
  });
}
