import type { Retry } from '../definition.ts';
import type { Draft } from './draft.ts';
import { value } from './expressions.ts';
import type { Maker } from './steps.ts';

/** Makers of steps without steps inside; actions more often than others, for they alone can fail at will. */
export function leaves(draft: Draft): Maker[] {
  const makers: Maker[] = [];
  if (draft.has('action')) makers.push(action, action, action);
  if (draft.has('transform')) makers.push(transform);
  if (draft.has('delay')) makers.push(delay);
  return makers.length > 0 ? makers : [transform];
}

const action: Maker = (draft, view) => ({
  step: {
    id: draft.id('act'),
    type: 'action',
    action: draft.one('fuzz.pure', 'fuzz.external', 'fuzz.external', 'fuzz.database'),
    params: draft.chance(0.5) ? { value: value(draft, view) } : {},
    ...(draft.has('retry') && draft.chance(0.4) ? { retry: retry(draft) } : {}),
  },
  inside: [],
});

const retry = (draft: Draft): Retry => ({
  attempts: 1 + draft.below(4),
  backoff: draft.one('exponential', 'fixed', 'none'),
  delay: draft.duration(),
  maxDelay: draft.duration(),
});

const transform: Maker = (draft, view) => ({
  step: { id: draft.id('map'), type: 'transform', output: value(draft, view) },
  inside: [],
});

const delay: Maker = (draft) => {
  const base = { id: draft.id('wait'), type: 'delay' } as const;
  if (draft.chance(0.1)) return { step: { ...base, for: { $: 'input.text' } }, inside: [] };
  if (draft.chance(0.2))
    return { step: { ...base, until: draft.one('2029-12-31', '2031-01-01T12:00:00Z') }, inside: [] };
  return { step: { ...base, for: draft.chance(0.1) ? '0s' : draft.duration() }, inside: [] };
};
