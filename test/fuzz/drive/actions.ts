import { z } from 'zod';
import { defineAction } from '../../../shared/actions/define.ts';
import { registerAction } from '../../../shared/actions/registry.ts';
import { type Json, StepError } from '../../../shared/errors.ts';
import type { Script } from '../script.ts';

/** What the actions do, by step run: entered when a worker has claimed it. */
export const assignments = new Map<string, { address: string; script: Script }>();

/** Makes `fuzz.pure`, `fuzz.external` and `fuzz.database` known: they do what their execution's script says. */
export function registerFuzzActions(): void {
  for (const kind of ['pure', 'external', 'database'] as const) {
    registerAction(
      defineAction({
        name: `fuzz.${kind}`,
        kind,
        params: z.strictObject({ value: z.json().optional() }),
        result: z.json(),
        run: async ({ value }, { stepRunId, attempt }) => act(stepRunId, attempt, (value ?? null) as Json),
      }),
    );
  }
}

function act(stepRunId: string, attempt: number, value: Json): Json {
  const assignment = assignments.get(stepRunId);
  if (!assignment) throw new StepError({ code: 'not_assigned', message: 'Nobody knows this step run.' });
  const { script, address } = assignment;
  const { error } = script.attempt(address, attempt);
  if (!error) return script.result(address, value);
  if (error.code === 'handler_error') throw new Error('It failed.');
  throw new StepError({ ...error, message: `It failed with ${error.code}.` });
}
