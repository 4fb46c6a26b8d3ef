import { clean, type Lab } from './drive/lab.ts';
import { Rush } from './drive/rush.ts';
import type { Feature } from './features.ts';
import { generate } from './generate.ts';

/** Whether the workflow of a seed comes to an end in large sets. @returns what does not, to be read */
export async function rush(
  lab: Lab,
  seed: number,
  features: readonly Feature[],
  depth?: number,
): Promise<string | undefined> {
  const generated = generate(seed, features, depth);
  lab.clock.reset();
  const one = new Rush(lab);
  let problems: string[];
  try {
    await one.begin(generated, seed);
    problems = await one.run();
  } catch (error) {
    problems = [(error as Error).stack ?? String(error)];
  }
  if (problems.length === 0) return undefined;
  await clean(lab);
  return [
    `The workflow of seed ${seed} does not come to an end when its steps are completed in large sets.`,
    `Repeat it with: npm run fuzz -- --count 1 --seed ${seed}`,
    '',
    JSON.stringify(generated.definition, null, 2),
    '',
    ...problems,
  ].join('\n');
}
