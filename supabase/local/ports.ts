import { createServer } from 'node:net';
import { PlatformError } from './errors.ts';

/** Tries to listen: resolves to the port (a free one for 0), or to undefined when it is taken. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new PlatformError(`Port ${port} cannot be used (${error.message}): choose another.`));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

/** Throws one clear sentence when a port is taken. `option` is the flag that names another. */
export async function assertPortFree(port: number, option: string): Promise<void> {
  if ((await tryPort(port)) === undefined) {
    throw new PlatformError(
      `Port ${port} is taken: stop what listens there or choose another with ${option}.`,
    );
  }
}

/**
 * The port to listen on: `wanted` when it is named (then it must be free), any free one for 0, otherwise `usual`, or a free one
 * where that is taken.
 */
export async function choosePort(
  wanted: number | undefined,
  usual: number,
  option: string,
  say: (line: string) => void,
): Promise<number> {
  if (wanted) await assertPortFree(wanted, option);
  const port = wanted ?? usual;
  const free = await freePort(port);
  if (free !== port && port !== 0)
    say(`Port ${port} is taken: using ${free} instead (${option} chooses another)`);
  return free;
}

/** The wanted port where it is free, otherwise any free one; 0 asks for any. */
export async function freePort(wanted = 0): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted;
}
