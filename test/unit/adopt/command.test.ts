import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectOf } from './support.ts';

/** Runs the command as somebody does who is not at a terminal. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['supabase/adopt/bin.mjs', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

it('--help tells the commands, and so does no command at all', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('init');
  expect(stdout).toContain('uninstall');
  expect(run().stdout).toBe(stdout);
});

it('what it cannot do it says in one sentence, with a hint and a code, and ends with 1', () => {
  const { dir } = projectOf();
  expect(run('install')).toMatchObject({ status: 1, stderr: expect.stringContaining('(unknown_command)') });
  expect(run('init', '--dir', `${dir}/supabase`)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /^There is no supabase\/config\.toml in .*\n.*supabase init.*\(not_a_supabase_project\)\n$/,
    ),
  });
  expect(run('init', '--force-it').stderr).toContain("Unknown option '--force-it'");
});

it('without a terminal it writes nothing unless told --yes', () => {
  const project = projectOf();
  const { status, stdout, stderr } = run('init', '--dir', project.dir);
  expect(status).toBe(1);
  expect(stdout).toContain('+ supabase/workflow-engine.json');
  expect(stderr).toContain('(not_confirmed)');
  expect(project.has('supabase/workflow-engine.json')).toBe(false);
});

it('uninstall --print prints the SQL and writes nothing', () => {
  const project = projectOf();
  run('init', '--yes', '--dir', project.dir);
  const { status, stdout } = run('uninstall', '--print', '--dir', project.dir);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^-- Takes the workflow engine out[\s\S]*'workflow_executions'[\s\S]*drop schema workflow cascade;\n$/,
  );
  expect(project.has('supabase/workflow-engine.json')).toBe(true);
});
