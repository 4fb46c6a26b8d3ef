import { z } from 'zod';
import {
  type ActionCatalog,
  type CompileResult,
  compile,
  type Plan,
  type PlanStep,
} from '../../../shared/definition/index.ts';

const catalog: Record<string, NonNullable<ReturnType<ActionCatalog['get']>>> = {
  query: {
    kind: 'database',
    params: z.strictObject({
      entity: z.string().min(1),
      limit: z.int().max(100).optional(),
      where: z.record(z.string(), z.json()).optional(),
      tags: z.array(z.string()).optional(),
    }),
  },
  runWorkflow: { kind: 'database', waits: true, params: z.strictObject({ workflow: z.string() }) },
  sendEmail: { kind: 'external', params: z.strictObject({ to: z.email(), subject: z.string().optional() }) },
  generateDocument: {
    kind: 'pure',
    params: z.strictObject({
      template: z.string().meta({ template: true }).optional(),
      name: z.string().optional(),
    }),
  },
};

export const actions: ActionCatalog = {
  get: (name) => (Object.hasOwn(catalog, name) ? catalog[name] : undefined),
  names: () => Object.keys(catalog),
};

/** A step that does nothing but stand there. */
export const step = (id: string, more: object = {}) => ({ id, type: 'transform', output: 1, ...more });

/** A step that reads what the CEL expression says. */
export const reads = (id: string, source: string) => step(id, { output: { $: source } });

/** A definition around these steps. */
export const workflow = (steps: unknown, more: object = {}) => ({
  name: 'Test',
  trigger: { type: 'manual' },
  steps,
  ...more,
});

export const compiled = (steps: unknown, more: object = {}): CompileResult =>
  compile(workflow(steps, more), { actions });

/** The plan of a definition that compiles. */
export function planOf(steps: unknown, more: object = {}): Plan {
  const result = compiled(steps, more);
  if (!result.ok) throw new Error(JSON.stringify(result.errors, null, 2));
  return result.plan;
}

/** One step of its plan. */
export function nodeOf(path: string, steps: unknown, more: object = {}): PlanStep {
  const node = planOf(steps, more).steps[path];
  if (!node) throw new Error(`no ${path} in the plan`);
  return node;
}

/** Errors as `path code`, in their order. */
export function problems(steps: unknown, more: object = {}): string[] {
  const result = compiled(steps, more);
  return result.ok ? [] : result.errors.map(({ path, code }) => `${path} ${code}`);
}

export function warnings(steps: unknown, more: object = {}): string[] {
  return compiled(steps, more).warnings.map(({ path, code }) => `${path} ${code}`);
}
