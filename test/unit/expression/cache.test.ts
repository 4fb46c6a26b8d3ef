import { expect, it } from 'vitest';
import { LruCache } from '../../../shared/expression/cache.ts';

it('creates an entry once', () => {
  const cache = new LruCache<object>(2);
  const first = cache.getOrCreate('a', () => ({}));
  expect(cache.getOrCreate('a', () => ({}))).toBe(first);
});

it('forgets what was used longest ago', () => {
  const cache = new LruCache<object>(2);
  const create = () => ({});
  const a = cache.getOrCreate('a', create);
  const b = cache.getOrCreate('b', create);
  cache.getOrCreate('a', create);
  cache.getOrCreate('c', create);
  expect(cache.size).toBe(2);
  expect(cache.getOrCreate('a', create)).toBe(a);
  expect(cache.getOrCreate('b', create)).not.toBe(b);
});

it('keeps nothing of a creation that fails', () => {
  const cache = new LruCache<object>(2);
  expect(() => cache.getOrCreate('a', () => JSON.parse(''))).toThrow();
  expect(cache.size).toBe(0);
});
