/** One thing that is wrong with a definition. */
export interface DefinitionError {
  /** Stable, snake_case. */
  code: string;
  message: string;
  /** What would be right. */
  hint: string;
  /** Such as `steps[2].then[0].params.to`; empty for the whole definition. */
  path: string;
}

/** Collects what is wrong; of several errors at one place with one code only the first is kept. */
export class Problems {
  readonly errors: DefinitionError[] = [];
  readonly warnings: DefinitionError[] = [];

  error(code: string, path: string, message: string, hint: string): void {
    if (this.errors.some((known) => known.path === path && known.code === code && known.message === message))
      return;
    this.errors.push({ code, message, hint, path });
  }

  warn(code: string, path: string, message: string, hint: string): void {
    this.warnings.push({ code, message, hint, path });
  }
}
