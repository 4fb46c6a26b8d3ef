// Runs one Edge Function under Deno: `deno run runtime.ts <entrypoint>`. Stands in for hosted's runtime: EdgeRuntime.waitUntil,
// a port of its own, an end when the platform is gone. A function finds its own address, past the gateway, in `<NAME>_URL`,
// unless that is set.

type Handler = (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>;

const pending = new Set<Promise<unknown>>();

function waitUntil<T>(promise: Promise<T>): Promise<T> {
  pending.add(promise);
  promise.then(
    () => pending.delete(promise),
    (error) => {
      pending.delete(promise);
      console.error('EdgeRuntime.waitUntil:', error);
    },
  );
  return promise;
}

const entrypoint = Deno.args[0] ?? '';
const name = entrypoint.split('/').at(-2) ?? '';
const addressVariable = `${name.replaceAll('-', '_').toUpperCase()}_URL`;
const serve = Deno.serve;
let served = false;

/** `Deno.serve(handler)`, `Deno.serve(options, handler)` or `Deno.serve({ handler, … })`, wherever they wanted to listen. */
function serveHere(first: Handler | Deno.ServeOptions, second?: Handler) {
  served = true;
  const options = typeof first === 'function' ? { handler: first } : { handler: second, ...first };
  return serve({
    ...options,
    hostname: '127.0.0.1',
    port: 0,
    onListen({ port }) {
      if (!Deno.env.has(addressVariable)) Deno.env.set(addressVariable, `http://127.0.0.1:${port}/${name}`);
      console.log(`@@listening ${port}`);
    },
  } as Deno.ServeTcpOptions & { handler: Handler });
}

Object.assign(globalThis, { EdgeRuntime: { waitUntil } });
Object.assign(Deno, { serve: serveHere });

/** The platform holds the other end of standard input: when it is gone, so are we. */
async function endWithPlatform(): Promise<never> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}
endWithPlatform();

Deno.addSignalListener('SIGTERM', async () => {
  globalThis.dispatchEvent(new Event('beforeunload'));
  await Promise.race([Promise.allSettled(pending), new Promise((resolve) => setTimeout(resolve, 500))]);
  Deno.exit(0);
});

const module = await import(entrypoint);
if (!served && typeof module.default?.fetch === 'function')
  serveHere((request: Request) => module.default.fetch(request));
