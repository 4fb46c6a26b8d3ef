import { afterAll, expect, it, onTestFinished } from 'vitest';
import { cloneDatabase } from '../support/platform.ts';
import { openLab } from './drive/lab.ts';
import { DEFAULT_FEATURES } from './features.ts';
import { rush } from './rush.ts';

const lab = await openLab(await cloneDatabase());
afterAll(() => lab.close());

it('sixty random workflows come to an end when all that is ready is completed in one set', async () => {
  for (let seed = 500; seed < 560; seed += 1) {
    const problem = await rush(lab, seed, DEFAULT_FEATURES);
    expect(problem, problem).toBeUndefined();
  }
}, 120_000);

it('an engine that loses timers does not, which is noticed', async () => {
  const faulty = await openLab(await cloneDatabase());
  onTestFinished(() => faulty.close());
  await faulty.engine.sql.unsafe(`
    create function workflow.break_it() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger break_it before insert on workflow.timers for each row execute function workflow.break_it()`);
  let problem: string | undefined;
  for (let seed = 500; seed < 530 && !problem; seed += 1)
    problem = await rush(faulty, seed, DEFAULT_FEATURES);
  expect(problem).toMatch(/execution is waiting/);
});
