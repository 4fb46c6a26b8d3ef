interface Process {
  Deno?: { env: { get(name: string): string | undefined } };
  process?: { env: Record<string, string | undefined> };
}

/** A variable of this process, under Deno or Node; undefined when it is not set or empty. */
export function environmentVariable(name: string): string | undefined {
  const { Deno, process } = globalThis as Process;
  return (Deno ? Deno.env.get(name) : process?.env[name]) || undefined;
}
