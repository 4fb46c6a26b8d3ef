import { describe, expect, it } from 'vitest';
import { projectOf, refusalOf, release } from './support.ts';

const configFile = 'supabase/config.toml';
const config = '# Ours.\nproject_id = "shop"   # do not touch\n\n[api]\nport = 1\n';

describe('config.toml', () => {
  it('gets the functions at its end, where they lie in the project', () => {
    const project = projectOf({ [configFile]: config });
    project.init();
    const text = project.read(configFile);
    expect(text.startsWith(config)).toBe(true);
    expect(text).toContain('entrypoint = "./functions/_workflow-engine/functions/worker/index.ts"');
  });

  it('keeps what was written below the functions when a release brings others', () => {
    const project = projectOf({ [configFile]: config });
    project.init();
    project.write(configFile, `${project.read(configFile)}\n[functions.mine]\nverify_jwt = true\n`);
    project.init(release({ functions: [{ name: 'api', text: '[functions.api]\nverify_jwt = false' }] }));
    const text = project.read(configFile);
    expect(text).not.toContain('[functions.worker]');
    expect(text).toMatch(/^\[functions\.api\]$/m);
    expect(text).toMatch(/\n\[functions\.mine\]\nverify_jwt = true\n$/);
    project.uninstall();
    expect(project.read(configFile)).toBe(`${config}\n[functions.mine]\nverify_jwt = true\n`);
  });

  it.each([
    '[functions.worker]',
    '  [ functions . "worker" ]',
    'functions.worker.verify_jwt = true',
    '[functions.worker.env]',
  ])('is refused while a function of the project has a name that the engine needs: %s', (line) => {
    const project = projectOf({ [configFile]: `${config}\n${line}\n` });
    expect(refusalOf(() => project.init())).toBe('function_name_taken');
    expect(project.read(configFile)).toBe(`${config}\n${line}\n`);
  });

  it('may name functions that are only alike', () => {
    const project = projectOf({
      [configFile]: `${config}\n# [functions.worker]\n[functions.worker-2]\n[functions.my.worker]\n`,
    });
    expect(project.init()).toContain(`update ${configFile}`);
  });

  it('need not name a function that is there as a folder: its name is taken all the same', () => {
    const project = projectOf({ 'supabase/functions/worker/index.ts': '' });
    expect(refusalOf(() => project.init())).toBe('function_name_taken');
  });
});
