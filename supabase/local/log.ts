import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Appends lines, with the time, to `<folder>/<name>.log`. */
export function logTo(folder: string, name: string): (line: string) => void {
  return (line) => {
    mkdirSync(folder, { recursive: true });
    appendFileSync(join(folder, `${name}.log`), `${new Date().toISOString()} ${line}\n`);
  };
}
