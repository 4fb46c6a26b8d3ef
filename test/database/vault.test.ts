import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { platform, sql } from '../support/platform.ts';

const name = `test-${randomUUID()}`;
afterAll(async () => {
  await sql`delete from vault.secrets where name = ${name}`;
});

const secretNamed = async (wanted: string) => {
  const [row] =
    await sql`select decrypted_secret, description from vault.decrypted_secrets where name = ${wanted}`;
  return row;
};

test('a secret can be created, read and changed', async () => {
  const [created] = await sql`select vault.create_secret('first', ${name}, 'a test') as id`;
  expect(await secretNamed(name)).toEqual({ decrypted_secret: 'first', description: 'a test' });
  await sql`select vault.update_secret(${created?.id}, 'second')`;
  expect(await secretNamed(name)).toEqual({ decrypted_secret: 'second', description: 'a test' });
});

test('names are unique', async () => {
  await expect(sql`select vault.create_secret('again', ${name})`).rejects.toMatchObject({ code: '23505' });
});

test.each(['anon', 'authenticated'])('%s cannot read secrets', async (role) => {
  const attempt = sql.begin(async (tx) => {
    await tx`select set_config('role', ${role}, true)`;
    await tx`select * from vault.decrypted_secrets`;
  });
  await expect(attempt).rejects.toMatchObject({ code: '42501' });
});

test('the platform keeps what the database needs to call functions', async () => {
  expect((await secretNamed('project_url'))?.decrypted_secret).toBe(platform.api_url);
  expect((await secretNamed('secret_key'))?.decrypted_secret).toBe(platform.secret_key);
});
