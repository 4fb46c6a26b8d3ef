import { describe, expect, it } from 'vitest';
import { manifestFile } from '../../../supabase/adopt/manifest.mjs';
import { projectOf, refusalOf, release } from './support.ts';

const schema = (text: string) => ({ id: 'engine_schema', set: 'engine' as const, text });
const further = { id: 'engine_further', set: 'engine' as const, text: 'select 1;\n' };
const original = release().migrations[0]?.text ?? '';

describe('migrations', () => {
  it('are the engine’s own, and others only when asked for', () => {
    const project = projectOf();
    project.init();
    expect(project.migrations()).toEqual(['20260601120000_workflow_engine_schema.sql']);
    project.init(release(), { business: true });
    expect(project.migrations()).toEqual([
      '20260601120000_workflow_engine_schema.sql',
      '20260601120001_workflow_tenancy_organizations.sql',
      '20260601120002_workflow_business_leads.sql',
    ]);
    expect(project.init()).toEqual([]);
  });

  it('are dated so that the last one is of now', () => {
    const project = projectOf();
    project.init(release({ migrations: [schema(original), further] }));
    expect(project.migrations()).toEqual([
      '20260601115959_workflow_engine_schema.sql',
      '20260601120000_workflow_engine_further.sql',
    ]);
  });

  it('come after the project’s last one, wherever its clock was', () => {
    const project = projectOf({
      'supabase/migrations/20270228235959_ours.sql': '',
      'supabase/migrations/0001_old.sql': '',
    });
    project.init();
    expect(project.migrations().at(-1)).toBe('20270301000000_workflow_engine_schema.sql');
  });

  it('of a new release are added; those that are there stay, even when the project has edited them', () => {
    const project = projectOf();
    project.init();
    const file = 'supabase/migrations/20260601120000_workflow_engine_schema.sql';
    project.write(file, '-- edited\n');
    project.init(release({ version: '1.1.0', migrations: [schema(original), further] }));
    expect(project.read(file)).toBe('-- edited\n');
    expect(project.migrations()).toEqual([
      '20260601120000_workflow_engine_schema.sql',
      '20260601120001_workflow_engine_further.sql',
    ]);
  });

  it.each([
    ['changed', [schema('create table public.workflows (id int);\n')]],
    ['taken away', [further]],
  ])('that a release has %s are never rewritten: it is refused, and nothing is written', (_, migrations) => {
    const project = projectOf();
    project.init();
    const before = project.read(manifestFile);
    expect(refusalOf(() => project.init(release({ version: '1.1.0', migrations })))).toBe(
      'migrations_changed',
    );
    expect(project.read(manifestFile)).toBe(before);
  });

  it('are known again when an init was interrupted before it could remember them', () => {
    const project = projectOf({ 'supabase/migrations/20260101000000_workflow_engine_schema.sql': original });
    expect(project.init()).not.toContainEqual(expect.stringContaining('_workflow_engine_schema.sql'));
    expect(JSON.parse(project.read(manifestFile)).migrations.engine_schema.file).toBe(
      '20260101000000_workflow_engine_schema.sql',
    );
  });

  it('of another release without a manifest are refused', () => {
    const project = projectOf({
      'supabase/migrations/20260101000000_workflow_engine_schema.sql': '-- older\n',
    });
    expect(refusalOf(() => project.init())).toBe('manifest_missing');
  });

  it('are all copied anew after an uninstall', () => {
    const project = projectOf();
    project.init();
    project.uninstall();
    project.init();
    expect(project.migrations()).toEqual([
      '20260601120000_workflow_engine_schema.sql',
      '20260601120001_workflow_engine_uninstall.sql',
      '20260601120002_workflow_engine_schema.sql',
    ]);
  });
});

describe('a table of the project', () => {
  const ours = 'supabase/migrations/20260101000000_ours.sql';

  it.each([
    'create table workflows (id int);',
    'CREATE TABLE IF NOT EXISTS "public"."workflows" (id int);',
    'drop table public.workflows; create table public.workflows (id int);',
  ])('that has a name the engine needs is found before anything is written: %s', (sql) => {
    const project = projectOf({ [ours]: sql });
    expect(refusalOf(() => project.init())).toBe('table_name_taken');
    expect(project.has(manifestFile)).toBe(false);
  });

  it.each([
    'create table other.workflows (id int);',
    'create table workflows_of_mine (id int);',
    'create table workflows (id int); alter table public.workflows rename to our_workflows;',
    'create table workflows (id int); drop table if exists workflows;',
    'create table public.leads (id int); create table public.organizations (id int);',
  ])('that is elsewhere, gone or of no concern to the engine is no obstacle: %s', (sql) => {
    expect(projectOf({ [ours]: sql }).init()).not.toEqual([]);
  });

  it('keeps the sets out that would make one of its name', () => {
    const project = projectOf({ [ours]: 'create table public.leads (id int);' });
    expect(refusalOf(() => project.init(release(), { business: true }))).toBe('table_name_taken');
  });
});
