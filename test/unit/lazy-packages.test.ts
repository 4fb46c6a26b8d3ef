import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const packages = ['@sendgrid/mail', 'slack-web-api-client', 'jose', 'twilio'];

const sources = ['shared', 'functions'].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
);

it("providers' packages are loaded when a message first needs them, by an address that a deployment can read", () => {
  for (const name of packages) {
    const quoted = name.replace('/', '\\/');
    const atStart = new RegExp(`^(?:import|export)(?! type)[^;]*?from '${quoted}'|^import '${quoted}'`, 'm');
    expect(
      sources.filter((source) => atStart.test(source)),
      name,
    ).toEqual([]);
  }
  const used = packages.filter((name) =>
    sources.some((source) => source.includes(`await import('${name}')`)),
  );
  expect(used).toEqual(['@sendgrid/mail', 'slack-web-api-client', 'jose']);
});
