import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** A hosted project's management API, as far as the CLI calls it to deploy. */
export interface ManagementApi {
  url: string;
  /** Twenty letters, as Supabase names projects. */
  ref: string;
  /** Below it are the files of each function, in a folder of its name. */
  bundles: string;
  /** Functions deployed, by slug. */
  functions: Map<string, DeployedFunction>;
  /** Secrets set, by name. */
  secrets: Map<string, string>;
  /** Under which the CLI calls here and nowhere else. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

/** What the CLI says of a function, beside its files. */
export interface DeployedFunction {
  name: string;
  entrypoint_path: string;
  import_map_path: string;
  verify_jwt: boolean;
}

/**
 * Starts it on a free port.
 *
 * @param folder where `profile.yaml` goes, and below `bundles/<slug>/` what is uploaded
 * @param onDeployed told each function, once its files are there
 */
export async function startManagementApi(
  folder: string,
  onDeployed: (slug: string, bundle: string, deployed: DeployedFunction) => void,
): Promise<ManagementApi> {
  const ref = 'abcdefghijklmnopqrst';
  const accessToken = `sbp_${'0123456789'.repeat(4)}`;
  const bundles = join(folder, 'bundles');
  const functions = new Map<string, DeployedFunction>();
  const secrets = new Map<string, string>();
  const app = new Hono().basePath('/v1/projects');
  const describe = ([slug, deployed]: [string, DeployedFunction]) => ({
    ...deployed,
    id: slug,
    slug,
    status: 'ACTIVE',
    version: 1,
    created_at: 0,
    updated_at: 0,
  });

  app.use(async (context, next) => {
    const { authorization } = context.req.header();
    if (authorization !== `Bearer ${accessToken}`) return context.json({ message: 'Unauthorized' }, 401);
    await next();
  });
  app.get(`/${ref}`, (context) => context.json({ id: ref, ref, name: 'Test', status: 'ACTIVE_HEALTHY' }));
  app.get(`/${ref}/functions`, (context) => context.json([...functions].map(describe)));
  app.post(`/${ref}/functions/deploy`, async (context) => {
    const slug = context.req.query('slug') ?? '';
    const form = await context.req.formData();
    const metadata = JSON.parse(String(form.get('metadata'))) as DeployedFunction;
    const bundle = join(bundles, slug);
    rmSync(bundle, { recursive: true, force: true });
    for (const part of form.getAll('file')) {
      if (!(part instanceof File)) throw new Error('A file came without a name.');
      const file = join(bundle, part.name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(await part.arrayBuffer()));
    }
    functions.set(slug, metadata);
    onDeployed(slug, bundle, metadata);
    return context.json(describe([slug, metadata]), 201);
  });
  app.put(`/${ref}/functions`, (context) => context.json({ functions: [...functions].map(describe) }));
  app.get(`/${ref}/secrets`, (context) =>
    context.json(
      [...secrets].map(([name, value]) => ({ name, value, updated_at: new Date().toISOString() })),
    ),
  );
  app.post(`/${ref}/secrets`, async (context) => {
    for (const { name, value } of await context.req.json()) secrets.set(name, value);
    return context.body(null, 201);
  });

  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise<void>((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const profile = join(folder, 'profile.yaml');
  const lines = { name: 'test', api_url: url, dashboard_url: url, docs_url: url, project_host: '127.0.0.1' };
  writeFileSync(
    profile,
    Object.entries(lines)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  );
  return {
    url,
    ref,
    bundles,
    functions,
    secrets,
    environment: {
      SUPABASE_PROFILE: profile,
      SUPABASE_ACCESS_TOKEN: accessToken,
      SUPABASE_YES: 'true',
      DO_NOT_TRACK: '1',
    },
    stop: () => new Promise((stopped) => server.close(() => stopped())),
  };
}
