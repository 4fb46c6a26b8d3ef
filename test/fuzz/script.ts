import type { Json } from '../../shared/errors.ts';

/** What one attempt of an action does. */
export type Attempt = { error?: undefined } | { error: { code: string; retryable: boolean } };

/** Decides everything that a definition leaves to the outside. Addresses name step runs; see `StepRun`. */
export interface Script {
  attempt(address: string, attempt: number): Attempt;
  /** What an approval's approver does; `timeout`: nothing. */
  decision(address: string): 'approve' | 'reject' | 'timeout';
  /** What an action gives that succeeds. */
  result(address: string, value: Json): Json;
}

/** How likely things go wrong in one execution. */
export interface Odds {
  failure: number;
  retryable: number;
  rejection: number;
  silence: number;
}

/** A script that follows from a seed alone: asked again, it answers the same. */
export function scriptOf(seed: string, odds: Odds): Script {
  return {
    attempt(address, attempt) {
      const key = `${seed}|${address}|${attempt}`;
      if (fraction(`${key}|fails`) >= odds.failure) return {};
      if (fraction(`${key}|plain`) < 0.1) return { error: { code: 'handler_error', retryable: true } };
      const retryable = fraction(`${key}|retryable`) < odds.retryable;
      const code = `fuzz_${Math.floor(fraction(`${key}|code`) * 3)}`;
      return { error: { code, retryable } };
    },
    decision(address) {
      const chance = fraction(`${seed}|${address}|decision`);
      if (chance < odds.silence) return 'timeout';
      return chance < odds.silence + odds.rejection ? 'reject' : 'approve';
    },
    result(address, value) {
      const n = Math.floor(fraction(`${seed}|${address}|n`) * 10);
      const list = Array.from({ length: n % 4 }, (_, i) => n + i);
      return { n, flag: n % 2 === 0, text: `t${n}`, list, echo: value };
    },
  };
}

/** A number from 0 to 1 that follows from a text (FNV-1a, mixed). */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
