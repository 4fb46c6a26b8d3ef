import type { ZodType } from 'zod';
import { StepError } from '../errors.ts';

/**
 * Checks a value against a schema.
 *
 * @param code error code of a refusal
 * @param root what the value is called in the error's path
 * @throws StepError with every issue in its message and the first one's path
 */
export function parseWith<T>(schema: ZodType<T>, value: unknown, code: string, root = 'result'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({
    path: [root, ...issue.path].join('.'),
    message: issue.message,
  }));
  throw new StepError({
    code,
    message: issues.map(({ path, message }) => `${path}: ${message}`).join('; '),
    path: issues[0]?.path ?? root,
    hint:
      code === 'invalid_params'
        ? "Correct the step's params, or the expression that gives them."
        : "The action returned something other than its schema promises: correct the action's handler.",
  });
}
