/** An expression, template or rule tree that cannot be parsed or evaluated. */
export class ExpressionError extends Error {
  /** Stable, snake_case. */
  readonly code: string;
  /** The next thing to do. */
  readonly hint: string | undefined;
  /** Where the expression stands, such as `params.to`. */
  readonly path: string | undefined;

  constructor(error: {
    code: string;
    message: string;
    hint?: string | undefined;
    path?: string | undefined;
  }) {
    super(error.message);
    this.name = 'ExpressionError';
    this.code = error.code;
    this.hint = error.hint;
    this.path = error.path;
  }
}

/**
 * Runs `work` and gives an ExpressionError thrown in it the path, unless it has one.
 * @throws ExpressionError
 */
export function atPath<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExpressionError) || error.path !== undefined || path === '') throw error;
    const { code, message, hint } = error;
    throw new ExpressionError({ code, message, hint, path });
  }
}
