import { expect, it } from 'vitest';
import { preferredWait } from '../../../functions/webhook/prefer.ts';

it.each([
  [null, 0],
  ['respond-async', 0],
  ['wait', 25],
  ['wait=10', 10],
  ['Wait = 7', 7],
  ['respond-async, wait=100; foo', 25],
  ['wait=0', 0],
  ['waiting=3', 0],
  ['wait=soon', 0],
])('Prefer: %s waits %i seconds', (prefer, seconds) => {
  expect(preferredWait(prefer)).toBe(seconds);
});
