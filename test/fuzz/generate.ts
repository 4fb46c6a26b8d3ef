/** Random valid definitions, each determined by its seed. */

import type { Json } from '../../shared/errors.ts';
import { randomNumbers } from '../chaos/random.ts';
import type { Definition } from './definition.ts';
import type { Feature } from './features.ts';
import { Draft } from './generate/draft.ts';
import { line, sequence } from './generate/steps.ts';
import { View } from './generate/view.ts';
import type { Odds } from './script.ts';

export interface Generated {
  definition: Definition;
  executions: Start[];
}

/** One execution of it: its input, and what its script is made with. */
export interface Start {
  input: Json;
  odds: Odds;
  /** After how many happenings it is cancelled; never if it has ended by then. */
  cancelAfter: number | undefined;
}

/**
 * @param seed the same seed and features give the same definition
 * @param depth how deep steps nest at most
 */
export function generate(seed: number, features: readonly Feature[], depth = 3): Generated {
  const draft = new Draft(randomNumbers(seed), new Set(features), 8 + (seed % 12));
  const view = new View();
  const steps = line(draft, view, depth, 2);
  const definition: Definition = {
    name: `Fuzz ${seed}`,
    trigger: { type: 'manual' },
    variables: { limit: draft.below(10) },
    steps,
  };
  if (draft.has('onFailure') && draft.chance(0.4)) {
    definition.onFailure = sequence(draft, view.fork({ hasError: true }), Math.min(1, depth));
  }
  const executions = Array.from({ length: 1 + draft.below(3) }, () => start(draft));
  return { definition, executions };
}

function start(draft: Draft): Start {
  const n = draft.below(10);
  const list = Array.from({ length: draft.below(5) }, (_, i) => (i + n) % 7);
  return {
    input: { n, flag: draft.chance(0.5), text: draft.one('', 'a', 'ten'), list },
    odds: {
      failure: draft.one(0, 0.1, 0.3),
      retryable: draft.one(0.5, 0.9),
      rejection: 0.3,
      silence: 0.25,
    },
    cancelAfter: draft.chance(0.2) ? draft.below(12) : undefined,
  };
}
