import type { ZodType, z } from 'zod';
import type { HandlerKind } from '../definition/plan.ts';
import type { ActionContext, ActionDefinition } from './types.ts';
import type { WithWrites } from './writes.ts';

interface Definition<P extends ZodType, R extends ZodType> {
  name: string;
  /** Which transaction the handler runs in; `external` (none) unless said otherwise. */
  kind?: HandlerKind;
  description?: string;
  params: P;
  result: R;
  run(params: z.output<P>, context: ActionContext): Promise<z.output<R> | WithWrites<z.output<R>>>;
}

/** An action whose handler gets parameters, and gives a result, of the types its schemas say. */
export function defineAction<P extends ZodType, R extends ZodType>(
  definition: Definition<P, R>,
): ActionDefinition<z.output<P>, z.output<R>> {
  const { name, kind = 'external', description = '', params, result } = definition;
  return {
    name,
    kind,
    description,
    params: params as unknown as ZodType<z.output<P>>,
    result: result as unknown as ZodType<z.output<R>>,
    run: (given, context) => definition.run(given, context),
  };
}
