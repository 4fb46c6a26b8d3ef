import { StepError } from '../errors.ts';

/** The addresses of a host name; undefined where this runtime cannot look. */
export type Lookup = (name: string) => Promise<string[] | undefined>;

type ResolveDns = (name: string, type: 'A' | 'AAAA') => Promise<string[]>;

/**
 * Asks the system, as `fetch` will, so that hosts files and search domains count; where a runtime has no
 * such call, Deno's resolver.
 *
 * @throws StepError `http_failed`, retryable, when the name has no address
 */
export const lookUp: Lookup = async (name) => (await askSystem(name)) ?? (await askResolver(name));

/** What getaddrinfo says of a name; any other error says that there is no getaddrinfo. */
const dnsErrors = /^(ENOTFOUND|ENODATA|ESERVFAIL|ETIMEOUT|EREFUSED|EAI_)/;

async function askSystem(name: string): Promise<string[] | undefined> {
  try {
    const { lookup } = await import('node:dns/promises');
    const found = await lookup(name, { all: true });
    return found.length > 0 ? found.map(({ address }) => address) : undefined;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && dnsErrors.test(code)) throw unresolved(name);
    return undefined;
  }
}

async function askResolver(name: string): Promise<string[] | undefined> {
  const { Deno } = globalThis as { Deno?: { resolveDns?: ResolveDns } };
  if (!Deno?.resolveDns) return undefined;
  const resolve = Deno.resolveDns;
  const answers = await Promise.allSettled([resolve(name, 'A'), resolve(name, 'AAAA')]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  const cannotLook = answers.every(({ status, ...answer }) => {
    const { name: kind } = (answer as { reason?: Error }).reason ?? {};
    return status === 'rejected' && kind !== 'NotFound';
  });
  if (cannotLook) return undefined;
  throw unresolved(name);
}

function unresolved(name: string): StepError {
  return new StepError({
    code: 'http_failed',
    message: `The name ${name} has no address.`,
    path: 'url',
    hint: "Check the host's name; give the step a `retry` for disturbances of DNS.",
    retryable: true,
  });
}
