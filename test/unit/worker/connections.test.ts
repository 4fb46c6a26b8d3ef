import { describe, expect, it } from 'vitest';
import { connect } from '../../../shared/database/connect.ts';

const environment = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const direct = 'postgres://postgres:secret@direct.test:5432/postgres';
const pooler = 'postgres://postgres:secret@pooler.test:6543/postgres';

// Nothing connects before the first statement.
describe("a function's connections", () => {
  it('are direct and keep prepared statements, and are few', () => {
    const { options } = connect(environment({ SUPABASE_DB_URL: direct }), 'test').sql;
    expect(options).toMatchObject({ host: ['direct.test'], prepare: true, max: 4 });
  });

  it('go to the pooler where one is named, and prepare nothing there', () => {
    const { options } = connect(
      environment({ SUPABASE_DB_URL: direct, WORKFLOW_DB_URL: pooler }),
      'test',
    ).sql;
    expect(options).toMatchObject({ host: ['pooler.test'], prepare: false });
  });

  it('need an address, and say which', () => {
    expect(() => connect(environment({}), 'test')).toThrow('Set SUPABASE_DB_URL, or WORKFLOW_DB_URL');
  });
});
