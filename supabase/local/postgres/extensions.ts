import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, PlatformError } from '../errors.ts';
import { localDir } from '../paths.ts';

const require = createRequire(import.meta.url);

/**
 * Puts the extensions a hosted project has into this copy of Postgres: pgmq and pgTAP as released, pg_net, pg_cron and
 * Vault as stand-ins from `supabase/local/extensions/`. Writes only what differs.
 */
export function installExtensions(extensionDir: string): void {
  for (const name of ['pgmq', 'pgtap']) {
    for (const [file, content] of readArchive(archiveOf(name))) {
      if (/\/extension\/[^/]+\.(sql|control)$/.test(file)) install(extensionDir, basename(file), content);
    }
  }
  const own = join(localDir, 'extensions');
  for (const file of readdirSync(own)) {
    if (/\.(sql|control)$/.test(file)) install(extensionDir, file, readFileSync(join(own, file)));
  }
}

function archiveOf(name: string): Buffer {
  const entry = require.resolve(`@electric-sql/pglite-${name}`);
  const archive = join(entry, '..', `${name}.tar.gz`);
  if (!existsSync(archive)) throw new PlatformError(`${archive} is missing: run \`npm ci\` again.`);
  return readFileSync(archive);
}

function install(folder: string, name: string, content: Buffer): void {
  const path = join(folder, name);
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  const part = `${path}.${process.pid}`;
  try {
    writeFileSync(part, content);
    chmodSync(part, 0o644);
    renameSync(part, path);
  } catch (error) {
    throw new PlatformError(`Extensions cannot be installed (${messageOf(error)}): make ${folder} writable.`);
  }
}

/** The regular files of a .tar.gz: name and content. */
function* readArchive(archive: Buffer): Generator<[string, Buffer]> {
  const tar = gunzipSync(archive);
  const text = (start: number, length: number) =>
    tar.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const kind = text(at + 156, 1);
    if (kind === '0' || kind === '') {
      const prefix = text(at + 345, 155);
      yield [(prefix ? `${prefix}/` : '') + text(at, 100), tar.subarray(at + 512, at + 512 + size)];
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
