import { jwtSecret, publishableKey, secretKey } from '../keys.ts';
import { stayConnected } from '../stay-connected.ts';
import { noteRefusals, withRefusal } from './refusal.ts';

export interface Api {
  /** Answers a request below `/rest/v1` or `/auth/v1`. */
  fetch(request: Request, peerAddress: string | null): Promise<Response>;
  stop(): Promise<void>;
}

export interface ApiOptions {
  /** As role `postgres`: the library switches roles by itself. */
  dbUrl: string;
  siteUrl: string;
  schemas: string[];
  maxRows: number;
  log(line: string): void;
}

/** How long a request waits for a database that is being restarted. */
const longestWait = 5_000;

/**
 * PostgREST and Auth, from `@supabase/lite`. Reads the schema again on `NOTIFY pgrst`, as PostgREST does, and begins anew with
 * fresh connections after a restart of the database: those that were cut in a transaction never recover.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const library = await loadLibrary();
  let service: Service | undefined;
  let waiting: (() => void)[] = [];
  const listener = stayConnected({
    dbUrl: options.dbUrl,
    name: 'postgrest',
    log: options.log,
    async onConnected(sql) {
      await sql`listen pgrst`;
      service = createService(library, options);
      for (const resume of waiting.splice(0)) resume();
    },
    onNotify: () => service?.connection.clearSchemaCache(),
    onLost() {
      service?.end();
      service = undefined;
    },
  });
  const connected = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => resume(), longestWait);
      const resume = () => {
        clearTimeout(timer);
        waiting = waiting.filter((it) => it !== resume);
        resolve();
      };
      waiting.push(resume);
    });
  await connected();

  return {
    async fetch(request, peerAddress) {
      if (!service) await connected();
      const used = service;
      if (!used) return unavailable();
      // A query that loses its connection may never settle.
      const answer = withRefusal(() => used.app.fetch(request, { peerAddress }));
      const response = await Promise.race([answer, used.lost]);
      if (!response) return unavailable();
      if (response.status < 500) return response;
      options.log(`${request.method} ${request.url} → ${response.status}`);
      await new Promise(setImmediate);
      return used === service ? response : unavailable();
    },
    async stop() {
      await listener.stop();
    },
  };
}

type Service = ReturnType<typeof createService>;

/** The library, loaded when it is needed: it takes a second, which passes while Postgres starts. */
export async function loadLibrary() {
  const [{ App }, { createPostgresConnection }] = await Promise.all([
    import('@supabase/lite'),
    import('@supabase/lite/postgres'),
  ]);
  return { App, createPostgresConnection };
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

function createService({ App, createPostgresConnection }: Library, options: ApiOptions) {
  const { dbUrl, siteUrl, schemas, maxRows } = options;
  const json = { serialize: serializeJson, parse: (text: string) => JSON.parse(text) };
  const connection = createPostgresConnection({
    url: dbUrl,
    postgresOptions: {
      max: 10,
      onnotice: () => {},
      types: {
        json: { to: 114, from: [114], ...json },
        jsonb: { to: 3802, from: [3802], ...json },
        timestamptz: { to: 1184, from: [1184], serialize: String, parse: isoTimestamp },
      },
    },
  });
  // Left unset, the library grants everything to anon in every schema with row-level security.
  Object.assign(connection, { rlsState: 'active' });
  noteRefusals(connection);
  const app = new App({
    connection,
    api: { enabled: true, schemas, max_rows: maxRows, pg_safe_update: true },
    auth: {
      enabled: true,
      jwt_secret: jwtSecret,
      publishable_key: publishableKey,
      secret_key: secretKey,
      site_url: siteUrl,
      email: { enable_signup: true, enable_confirmations: false },
    },
    options: { server: { disableStudio: true } },
  });
  let lose = () => {};
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const end = () => {
    lose();
    connection.driver.end({ timeout: 1 }).catch(() => {});
  };
  return { app, connection, lost, end };
}

/** What PostgREST answers without a database. */
function unavailable(): Response {
  const message = 'Database connection error. Retrying the connection.';
  const body = { code: 'PGRST001', message, details: null, hint: null };
  return Response.json(body, { status: 503, headers: { 'retry-after': '1' } });
}

/** JSON parameters arrive both as values and as text that is JSON already: the latter is passed on as it is. */
function serializeJson(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}

/** `2026-01-02 03:04:05.6+00` → `2026-01-02T03:04:05.6+00:00`, as PostgREST prints it. */
function isoTimestamp(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}
