import { execFile } from 'node:child_process';

/** How a command ended, and what it printed to either output. */
export interface Ended {
  code: number;
  printed: string;
}

/** Runs a command to its end. @param environment beside this process's own */
export function runCommand(
  [program, ...options]: [string, ...string[]],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', ...environment };
    execFile(program, options, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, printed: stdout + stderr }),
    );
  });
}
