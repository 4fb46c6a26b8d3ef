import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, type Values } from './values.ts';

/** What the program of a page tells after each block: the constants that other blocks name. */
interface Report {
  values: Record<string, unknown>;
}

/** The TypeScript of a page: one module in one process, which waits between its blocks. */
export interface Program {
  /** Runs the next block. @throws when the program ends */
  next(values: Values): Promise<void>;
  /** What the block has printed, up to now; later than its end where it leaves something running. */
  printed(): string;
  /** Resolves when it prints something more. */
  prints(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the program, up to its first block.
 *
 * @param folder where the reader's file would be: imports are found from there
 * @param shared the constants that blocks in other languages name
 */
export function startProgram(
  blocks: string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
  shared: string[],
) {
  const file = join(folder, `page-${process.hrtime.bigint()}.mts`);
  writeFileSync(file, source(blocks, folder, shared));
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return follow(child, () => rmSync(file));
}

function source(blocks: string[], folder: string, shared: string[]): string {
  const imports: string[] = [];
  const bodies = blocks.map((block) =>
    block.replace(/^import [\s\S]*?;.*$/gm, (statement) => {
      imports.push(statement);
      return '';
    }),
  );
  const own = (name: string) => JSON.stringify(join(folder, 'shared/client', name));
  const found = [...new Set(imports)]
    .join('\n')
    .replaceAll("'atlvs-workflow-engine/actions'", own('actions.ts'))
    .replaceAll("'atlvs-workflow-engine'", own('index.ts'));
  const getters = shared.map((name) => `${name}: () => ${name}`).join(', ');
  return [
    found,
    `import { openPage } from ${JSON.stringify(join(import.meta.dirname, 'page-module.ts'))};`,
    `const nextBlock = openPage({ ${getters} });`,
    ...bodies.map((body) => `await nextBlock();\n${body}`),
    'await nextBlock();',
  ].join('\n');
}

function follow(child: ChildProcess, cleanUp: () => void): Program {
  let printed = '';
  let complaints = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const ended = once(child, 'close').then(() => {
    throw new Error(`The program ended:\n${complaints || printed}`);
  });
  ended.catch(() => {});
  const report = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message as Report;
  };
  const ready = report();
  ready.catch(() => {});
  return {
    async next(values) {
      await ready;
      printed = '';
      child.send({ values: Object.fromEntries(values), environment: environmentOf(values) });
      for (const [name, value] of Object.entries((await report()).values)) {
        if (value !== undefined) values.set(name, value);
      }
    },
    printed: () => printed,
    async prints() {
      if (child.stdout) await Promise.race([once(child.stdout, 'data'), ended]);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
      cleanUp();
    },
  };
}
