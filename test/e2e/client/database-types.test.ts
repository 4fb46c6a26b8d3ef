import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateTypes } from '../../../supabase/local/postgres/types.ts';
import { cloneDatabase } from '../../support/platform.ts';

const url = await cloneDatabase();

it('the types of the client are those of the database; npm run gen:types writes them', {
  timeout: 60_000,
}, async () => {
  const file = new URL('../../../shared/client/database.types.ts', import.meta.url);
  expect(await generateTypes(url)).toBe(readFileSync(file, 'utf8'));
});
