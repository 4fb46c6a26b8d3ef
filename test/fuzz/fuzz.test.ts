import { afterAll, expect, it } from 'vitest';
import { cloneDatabase } from '../support/platform.ts';
import { check } from './check.ts';
import { openLab } from './drive/lab.ts';
import { DEFAULT_FEATURES } from './features.ts';

const lab = await openLab(await cloneDatabase());
afterAll(() => lab.close());

const size = 50;

it.each([0, 50, 100, 150, 200, 250])(
  'fifty random workflows, from seed %i on, run as an interpreter of their definitions says',
  async (first) => {
    for (let seed = first; seed < first + size; seed += 1) {
      const { disagreement } = await check(lab, seed, DEFAULT_FEATURES);
      expect(disagreement, disagreement).toBeUndefined();
    }
  },
  120_000,
);
