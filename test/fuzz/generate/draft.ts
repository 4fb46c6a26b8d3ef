import { pick } from '../../chaos/random.ts';
import type { Feature } from '../features.ts';

/** What is known while a definition is being made: chance, the features allowed, ids and how many are left. */
export class Draft {
  private made = 0;
  private readonly durations = new Set<number>();

  constructor(
    private readonly random: () => number,
    private readonly features: ReadonlySet<Feature>,
    private readonly most: number,
  ) {}

  get isFull(): boolean {
    return this.made >= this.most;
  }

  has(feature: Feature): boolean {
    return this.features.has(feature);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** From 0 up to, and without, `end`. */
  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  one<T>(...items: readonly T[]): T {
    return pick(items, this.random) as T;
  }

  /** An id such as `loop7`. */
  id(type: string): string {
    this.made += 1;
    return `${type}${this.made}`;
  }

  /** A duration that no other in this definition equals, so that timers are seldom due at the same moment. */
  duration(): string {
    let seconds: number;
    do seconds = 1 + this.below(90_000);
    while (this.durations.has(seconds));
    this.durations.add(seconds);
    return `${seconds}s`;
  }
}
