import postgres from 'postgres';
import { filledIn, type Values } from './values.ts';

/** Everything but numbers and truth as the text that Postgres sends. */
const asText = {
  to: 25,
  from: [114, 1082, 1114, 1184, 3802],
  serialize: String,
  parse: (value: string) => value,
};

/** A session for the SQL of a page, as in the SQL editor. */
export function openSession(url: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {}, types: { asText } });
  return {
    /** Runs statements. @returns the rows of each that has any, as psql shows them */
    async run(code: string, values: Values): Promise<string> {
      const results = await sql.unsafe(filledIn(code, values)).simple();
      const all = (Array.isArray(results[0]) ? results : [results]) as postgres.RowList<postgres.Row[]>[];
      return all
        .filter(({ columns }) => columns?.length)
        .map(table)
        .join('\n\n');
    },
    end: () => sql.end({ timeout: 1 }),
  };
}

function table(rows: postgres.RowList<postgres.Row[]>): string {
  const names = rows.columns.map(({ name }) => name);
  const lines = rows.map((row) => names.map((name) => String(row[name])));
  const widths = names.map((_, index) =>
    Math.max(...[names, ...lines].map((line) => line[index]?.length ?? 0)),
  );
  const show = (line: string[]) =>
    line.map((cell, index) => ` ${cell.padEnd(widths[index] ?? 0)} `).join('|');
  return [show(names), widths.map((width) => '-'.repeat(width + 2)).join('+'), ...lines.map(show)].join('\n');
}
