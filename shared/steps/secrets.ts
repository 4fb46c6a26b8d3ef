import { type Json, StepError } from '../errors.ts';
import { wrapperOf } from '../expression/evaluate.ts';

/**
 * Refuses `{ "$secret": … }` until there are secrets to fill in. Looks at what the author wrote: the same
 * shape in data, or below `$raw`, is data.
 *
 * @throws StepError `secret_not_available`
 */
export function refuseSecrets(written: Json | undefined, path: string): void {
  if (typeof written !== 'object' || written === null) return;
  const wrapper = Array.isArray(written) ? undefined : wrapperOf(written);
  if (wrapper === '$secret') {
    throw new StepError({
      code: 'secret_not_available',
      message: 'This release fills in no secrets yet.',
      hint: 'Let an action in functions/actions.ts make the call; it may read the environment.',
      path,
    });
  }
  if (wrapper !== undefined) return;
  for (const [key, item] of Object.entries(written)) refuseSecrets(item as Json, `${path}.${key}`);
}
