import type { Step } from '../definition.ts';

export interface Visible {
  id: string;
  type: Step['type'];
}

/** What expressions in one place may name. */
export class View {
  constructor(
    readonly steps: Visible[] = [],
    readonly aliases: readonly string[] = [],
    readonly hasError = false,
  ) {}

  /** For a sequence inside: what becomes visible there is not seen here. */
  fork(changes: { alias?: string; hasError?: boolean } = {}): View {
    const aliases = changes.alias ? [...this.aliases, changes.alias] : this.aliases;
    return new View([...this.steps], aliases, changes.hasError ?? this.hasError);
  }

  add(...steps: Visible[]): void {
    for (const step of steps) if (!this.steps.some(({ id }) => id === step.id)) this.steps.push(step);
  }
}
