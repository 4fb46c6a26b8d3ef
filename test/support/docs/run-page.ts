import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, blocksOf } from './blocks.ts';
import { readJson } from './json.ts';
import { isPrinted } from './output.ts';
import { runShell } from './shell.ts';
import { openSession } from './sql.ts';
import { type Program, startProgram } from './typescript.ts';
import { camelCase, filledIn, placeholdersOf, type Values } from './values.ts';

export interface PageOptions {
  /** The reader's copy of the project, with `README.md` and `docs/`. */
  folder: string;
  dbUrl: string;
  /** Environment of shells and programs. */
  environment: NodeJS.ProcessEnv;
  /** What the page takes for granted, by camelCase name. */
  values: Record<string, string>;
  /** What has to stand in the blocks for something else, such as an address of this machine for a real one. */
  literals?: Record<string, string>;
  /** Told which block was left out, and why. */
  onSkip(line: string): void;
}

/** Milliseconds for something to be printed that takes a moment. */
const patience = 20_000;

/**
 * Runs every block of a page in order, as a reader would: `sh` in shells that share their variables, `sql` in one session as
 * `postgres`, `ts` as one program, `json` is read and, where it is a definition, compiled. Mermaid is looked at by people.
 *
 * @throws at the first block that fails, or prints something else than its page says
 */
export async function runPage(page: string, options: PageOptions): Promise<void> {
  const blocks = blocksOf(page, readFileSync(join(options.folder, page), 'utf8'));
  const values: Values = new Map(Object.entries(options.values));
  const session = openSession(options.dbUrl);
  const program = programOf(blocks, options);
  try {
    for (const block of blocks) {
      if (block.skipped)
        options.onSkip(
          `${page}:${block.line} ${block.skipped.lines ?? firstLine(block)}: ${block.skipped.reason}`,
        );
      if (block.skipped && !block.skipped.lines) continue;
      await runBlock(block, { ...options, known: values, session, program }).catch((error) => {
        throw new Error(`${page}:${block.line} (${block.language}): ${error.message}`, { cause: error });
      });
    }
  } finally {
    await program?.stop();
    await session.end();
  }
}

interface Running extends PageOptions {
  known: Values;
  session: ReturnType<typeof openSession>;
  program: Program | undefined;
}

function runBlock(block: Block, running: Running): Promise<void> {
  const { folder, environment, known, session, program } = running;
  const code = withLiterals(withoutSkipped(block), running.literals);
  switch (block.language) {
    case 'sh':
      return expectPrinted(block, () => runShell(code, folder, environment, known));
    case 'sql':
      return expectPrinted(block, () => session.run(code, known));
    case 'ts':
      return runProgram(block, program as Program, known);
    case 'json':
      return readIn(code, known);
    case 'mermaid':
      return Promise.resolve();
  }
  return Promise.reject(
    new Error(`Blocks of "${block.language}" cannot be run, and it is not the output of another.`),
  );
}

/** Definitions are called `definition` in the TypeScript below them. */
async function readIn(code: string, known: Values): Promise<void> {
  const definition = readJson(filledIn(code, known));
  if (definition) known.set('definition', definition);
}

async function expectPrinted(block: Block, run: () => Promise<string>): Promise<void> {
  for (const end = Date.now() + patience; ; ) {
    const printed = await run();
    if (!block.expected || isPrinted(block.expected, printed)) return;
    if (!block.repeat || Date.now() > end) throw new Error(difference(block, printed));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function runProgram(block: Block, program: Program, known: Values): Promise<void> {
  await program.next(known);
  const { expected } = block;
  if (!expected) return;
  const signal = AbortSignal.timeout(patience);
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error(difference(block, program.printed())))),
  );
  while (!isPrinted(expected, program.printed())) await Promise.race([program.prints(), late]);
  late.catch(() => {});
}

function difference(block: Block, printed: string): string {
  return `It printed\n\n${printed}\nand the page says\n\n${block.expected?.text}`;
}

function withoutSkipped({ code, skipped }: Block): string {
  const lines = skipped?.lines;
  if (!lines) return code;
  return code
    .split('\n')
    .filter((line) => !line.startsWith(lines))
    .join('\n');
}

function withLiterals(code: string, literals: Record<string, string> = {}): string {
  return Object.entries(literals).reduce((text, [from, to]) => text.replaceAll(from, to), code);
}

const firstLine = ({ code }: Block) => code.split('\n')[0];

function programOf(blocks: Block[], { folder, environment }: PageOptions): Program | undefined {
  const run = blocks.filter(({ language, skipped }) => language === 'ts' && !skipped);
  if (run.length === 0) return undefined;
  const others = blocks.filter(({ language }) => language !== 'ts').flatMap(({ code }) => namesIn(code));
  const constants = run.flatMap(({ code }) => [...code.matchAll(/\b\w+\b/g)].map(([name]) => name));
  const shared = [...new Set(others)].filter((name) => constants.includes(name));
  return startProgram(
    run.map(({ code }) => code),
    folder,
    environment,
    shared,
  );
}

/** Placeholders, and variables of a shell. */
function namesIn(code: string): string[] {
  const variables = [...code.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name);
  return [...placeholdersOf(code), ...variables.map((name) => camelCase(name))];
}
