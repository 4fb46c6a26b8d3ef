import { describe, expect, it } from 'vitest';
import { manifestFile } from '../../../supabase/adopt/manifest.mjs';
import { actionsFile } from '../../../supabase/adopt/source.mjs';
import { projectOf, refusalOf, release } from './support.ts';

const worker = 'supabase/functions/_workflow-engine/functions/worker/index.ts';
const other = 'supabase/functions/_workflow-engine/shared/other.ts';
const files = (text: string, ...more: [string, string][]) => new Map([[worker, text], ...more]);
const next = release({ version: '1.1.0', files: files('// two\n') });

describe('a file of the engine', () => {
  it('follows the release', () => {
    const project = projectOf();
    project.init();
    expect(project.init(next)).toEqual([`update ${worker}`, `update ${manifestFile}`]);
    expect(project.read(worker)).toBe('// two\n');
  });

  it('goes when the release has it no more, and its empty folder too', () => {
    const project = projectOf();
    project.init(release({ files: files('// one\n', [other, '// other\n']) }));
    project.init(release({ version: '1.1.0' }));
    expect(project.has(other)).toBe(false);
    expect(project.has('supabase/functions/_workflow-engine/shared')).toBe(false);
    expect(project.has(worker)).toBe(true);
  });

  it('that the project has changed stays while the release brings nothing new for it', () => {
    const project = projectOf();
    project.init();
    project.write(worker, '// mine\n');
    expect(project.init()).toEqual([`keep ${worker}`]);
    expect(project.read(worker)).toBe('// mine\n');
  });

  it('that the project has changed stops a release that brings another, until forced', () => {
    const project = projectOf();
    project.init();
    project.write(worker, '// mine\n');
    expect(refusalOf(() => project.init(next))).toBe('changed_files');
    expect(project.read(worker)).toBe('// mine\n');
    const change = project.plan(next, { force: true }).find(({ path }) => path === worker);
    expect(change).toMatchObject({ action: 'update', note: 'overwrites your changes' });
    project.init(next, { force: true });
    expect(project.read(worker)).toBe('// two\n');
  });

  it('is not taken for changed when Git has checked it out with other line ends', () => {
    const project = projectOf();
    project.init();
    project.write(worker, '// one\r\n');
    expect(project.init()).toEqual([]);
  });

  it('does not replace a file that was there before', () => {
    const project = projectOf({ [worker]: '// ours\n' });
    expect(refusalOf(() => project.init())).toBe('changed_files');
  });
});

describe('the actions file', () => {
  it('is written once and is the project’s from then on', () => {
    const project = projectOf();
    project.init();
    expect(project.read(actionsFile)).toBe('// yours\n');
    project.write(actionsFile, '// my actions\n');
    expect(project.init(release({ actions: '// another first text\n' }))).toEqual([]);
    expect(project.read(actionsFile)).toBe('// my actions\n');
  });

  it('stays when the engine goes, unless nobody has written into it', () => {
    const project = projectOf();
    project.init();
    expect(project.uninstall()).toContain(`delete ${actionsFile}`);
    project.init();
    project.write(actionsFile, '// my actions\n');
    project.uninstall();
    expect(project.read(actionsFile)).toBe('// my actions\n');
  });
});

describe('uninstall', () => {
  it('leaves a file of the engine that the project has changed, and says so', () => {
    const project = projectOf();
    project.init();
    project.write(worker, '// mine\n');
    expect(project.uninstall()).toContain(`keep ${worker}`);
    expect(project.has(worker)).toBe(true);
  });

  it('drops organisations and business rows only when told to', () => {
    const project = projectOf();
    project.init(release(), { tenancy: true });
    expect(refusalOf(() => project.uninstall())).toBe('would_drop_data');
    project.uninstall({ dropData: true });
    const migration = project.migrations().at(-1) ?? '';
    expect(project.read(`supabase/migrations/${migration}`)).toContain("'organizations',\n      'workflows'");
  });

  it('deletes the migrations instead of writing one where no database has them', () => {
    const project = projectOf({ 'supabase/migrations/20260101000000_ours.sql': '' });
    project.init();
    project.uninstall({ notPushed: true });
    expect(project.migrations()).toEqual(['20260101000000_ours.sql']);
  });

  it('is refused where init has not run, or what it remembered cannot be read', () => {
    expect(refusalOf(() => projectOf().uninstall())).toBe('not_installed');
    expect(refusalOf(() => projectOf({ [manifestFile]: '{}' }).uninstall())).toBe('invalid_manifest');
  });
});
