import { isObject } from '../expression/json.ts';
import { checkInputs } from './check/inputs.ts';
import type { ActionCatalog } from './check/params.ts';
import type { Known } from './check/references.ts';
import { declare, type Scope } from './check/scope.ts';
import { StepChecker } from './check/steps.ts';
import type { TemplateCatalog } from './check/template.ts';
import { checkTrigger } from './check/trigger.ts';
import { type DefinitionError, Problems } from './errors.ts';
import { DEFINITION_HINTS, issueErrors } from './issues.ts';
import type { Plan } from './plan.ts';
import { Planner } from './planner.ts';
import { readJson } from './read.ts';
import { workflowSchema } from './schema/workflow.ts';
import type { WorkflowDefinition } from './types.ts';

export interface CompileOptions {
  actions: ActionCatalog;
  /** Without it, notification templates are not checked. */
  templates?: TemplateCatalog;
}

export type CompileResult =
  | { ok: true; definition: WorkflowDefinition; plan: Plan; warnings: DefinitionError[] }
  | { ok: false; errors: DefinitionError[]; warnings: DefinitionError[] };

/**
 * Checks a workflow definition and compiles it to a plan.
 * @returns the definition with its defaults and its plan, or everything that is wrong with it at once
 */
export function compile(definition: unknown, options: CompileOptions): CompileResult {
  const read = readJson(definition);
  if (!read.ok) return { ok: false, errors: [read.error], warnings: [] };
  const problems = new Problems();
  const parsed = workflowSchema.safeParse(read.value);
  for (const issue of parsed.error?.issues ?? []) {
    for (const { code, path, message, hint } of issueErrors(issue, read.value, '', DEFINITION_HINTS))
      problems.error(code, path, message, hint);
  }
  const checker = checkMeaning(read.value, options, problems);
  const { errors, warnings } = problems;
  if (errors.length > 0 || !parsed.success) return { ok: false, errors, warnings };
  const planner = new Planner(
    checker.usages,
    (action) => options.actions.get(action) ?? { kind: 'external' },
  );
  return { ok: true, definition: parsed.data, plan: planner.plan(parsed.data), warnings };
}

function checkMeaning(
  raw: Record<string, unknown>,
  { actions, templates }: CompileOptions,
  problems: Problems,
): StepChecker {
  const { trigger, steps, onFailure, inputs } = raw;
  const variables = isObject(raw.variables) ? Object.keys(raw.variables) : [];
  checkTrigger(trigger, variables, problems);
  checkInputs(inputs, problems);
  const known: Known = {
    declared: declare([
      ['main', steps, 'steps'],
      ['on_failure', onFailure, 'onFailure'],
    ]),
    variables,
    triggerType: isObject(trigger) ? trigger.type : undefined,
  };
  const checker = new StepChecker(known, actions, problems, templates);
  const scope: Scope = { visible: new Map(), aliases: [], inLoop: false, hasError: false, section: 'main' };
  if (Array.isArray(steps)) checker.sequence(steps, 'steps', scope);
  // Steps of the main line may have run before the failure, so onFailure may read them.
  if (Array.isArray(onFailure)) {
    checker.sequence(onFailure, 'onFailure', { ...scope, hasError: true, section: 'on_failure' });
  }
  return checker;
}
