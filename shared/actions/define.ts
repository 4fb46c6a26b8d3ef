import type { ZodType, z } from 'zod';
import type { HandlerKind } from '../definition/plan.ts';
import type { Json } from '../errors.ts';
import type { AwaitsExecution } from './awaits.ts';
import type { ActionContext, ActionDefinition } from './types.ts';
import type { WithWrites } from './writes.ts';

interface Definition<P extends ZodType, R extends ZodType> {
  name: string;
  /** Which transaction the handler runs in; `external` (none) unless said otherwise. */
  kind?: HandlerKind;
  /** It may return `awaitExecution(…)`. */
  waits?: boolean;
  description?: string;
  params: P;
  result: R;
  /** Codes it refuses with itself, beside `invalid_params` and what the database refuses. */
  errors?: readonly string[];
  /** `params` as they may stand in a definition. */
  example?: { [key: string]: Json };
  run(
    params: z.output<P>,
    context: ActionContext,
  ): Promise<z.output<R> | WithWrites<z.output<R>> | AwaitsExecution>;
}

/** An action whose handler gets parameters, and gives a result, of the types its schemas say. */
export function defineAction<P extends ZodType, R extends ZodType>(
  definition: Definition<P, R>,
): ActionDefinition<z.output<P>, z.output<R>> {
  const { name, kind = 'external', waits = false, description = '', params, result } = definition;
  const { errors = [], example } = definition;
  return {
    name,
    kind,
    waits,
    description,
    params: params as unknown as ZodType<z.output<P>>,
    result: result as unknown as ZodType<z.output<R>>,
    errors,
    ...(example ? { example } : {}),
    run: (given, context) => definition.run(given, context),
  };
}
