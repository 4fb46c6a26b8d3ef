/** The process of one contender: loads its module and does what the bench asks for over IPC. */
import { pathToFileURL } from 'node:url';
import type { Peer } from './peer.ts';

/** A method to call. */
export interface Request {
  method: keyof Peer;
  args: unknown[];
}

export type Response = { result: unknown } | { error: string };

const [module = '', options = '{}'] = process.argv.slice(2);
const reply = (response: Response) => process.send?.(response);
/** The message first, then where it comes from. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause ? ` (${error.cause})` : '';
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return [`${error.message}${cause}`, ...(frames ?? [])].join('\n');
}

let peer: Promise<Peer> | undefined;
/** Loaded with the first request, so that a package that is missing is an answer and not a crash. */
const load = () => {
  peer ??= import(pathToFileURL(module).href).then(({ default: make }) => make(JSON.parse(options)));
  return peer;
};

process.on('message', async ({ method, args }: Request) => {
  try {
    const loaded = await load();
    const call = loaded[method] as (...values: unknown[]) => unknown;
    reply({ result: await call.apply(loaded, args) });
  } catch (error) {
    reply({ error: reason(error) });
  }
});

/** Whatever ends the bench ends this too, with all that the contender has started. */
async function end(): Promise<void> {
  setTimeout(() => process.exit(1), 5_000);
  await (await peer?.catch(() => undefined))?.close().catch(() => {});
  process.exit(0);
}
process.once('disconnect', () => void end());
process.once('SIGTERM', () => void end());
// Ctrl-C goes to the whole group: the bench decides.
process.on('SIGINT', () => {});
