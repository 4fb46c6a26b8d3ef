import { z } from 'zod';
import type { HandlerKind } from '../definition/plan.ts';
import { type Json, StepError } from '../errors.ts';
import { AwaitsExecution } from './awaits.ts';
import { bulkCreate } from './entity/bulk-create.ts';
import { bulkUpdate } from './entity/bulk-update.ts';
import { createEntity } from './entity/create-entity.ts';
import { deleteEntity } from './entity/delete-entity.ts';
import { query } from './entity/query.ts';
import { updateEntity } from './entity/update-entity.ts';
import { calculateLeadScore } from './lead/calculate-lead-score.ts';
import { createDealFromLead } from './lead/create-deal-from-lead.ts';
import { categorizeTicket } from './support/categorize-ticket.ts';
import { determineTicketPriority } from './support/determine-ticket-priority.ts';
import { findDuplicateTickets } from './support/find-duplicate-tickets.ts';
import { findTicketsAtSLARisk } from './support/find-tickets-at-sla-risk.ts';
import { searchKnowledgeBase } from './support/search-knowledge-base.ts';
import type { ActionDefinition, ActionHandler } from './types.ts';
import { runWorkflow } from './workflow/run-workflow.ts';
import { WithWrites, withWrites } from './writes.ts';

/** Every action the engine ships with. Adding one takes its file and a line here. */
export const BUILT_IN: readonly ActionDefinition[] = [
  query,
  createEntity,
  updateEntity,
  deleteEntity,
  bulkCreate,
  bulkUpdate,
  calculateLeadScore,
  createDealFromLead,
  categorizeTicket,
  determineTicketPriority,
  findDuplicateTickets,
  findTicketsAtSLARisk,
  searchKnowledgeBase,
  runWorkflow,
];

const builtIn = new Map(BUILT_IN.map((action) => [action.name, action]));
const registered = new Map<string, ActionDefinition>();

/** What the compiler asks of the actions. */
export interface ActionCatalog {
  get(name: string): Pick<ActionDefinition, 'kind' | 'waits' | 'params' | 'result'> | undefined;
  names(): string[];
}

/** The built-in actions and those registered so far. */
export const actionCatalog: ActionCatalog = {
  get: (name) => findAction(name),
  names: () => [...builtIn.keys(), ...registered.keys()].sort(),
};

/** The action of this name, built in or registered. */
export function findAction(name: string): ActionDefinition | undefined {
  return builtIn.get(name) ?? registered.get(name);
}

/** Makes an action of `defineAction` known. @throws Error when a built-in action has its name */
export function registerAction(action: ActionDefinition): void {
  if (builtIn.has(action.name))
    throw new Error(`"${action.name}" is a built-in action; choose another name.`);
  if (!/^[A-Za-z][\w.]*$/.test(action.name))
    throw new Error(
      `"${action.name}" is no name for an action: letters, digits, _ and dots, a letter first.`,
    );
  registered.set(action.name, action);
}

/**
 * Makes a handler without schemas known as an action. Registering a name again replaces the handler.
 *
 * @param options.kind `database` to run in the step's transaction; `external` (no transaction) by default
 * @param options.waits whether it may return `awaitExecution(…)`
 * @throws Error when a built-in action has this name
 */
export function registerActionHandler(
  name: string,
  handler: ActionHandler,
  options: { kind?: HandlerKind; waits?: boolean; description?: string } = {},
): void {
  registerAction({
    name,
    kind: options.kind ?? 'external',
    waits: options.waits ?? false,
    description: options.description ?? '',
    params: z.json(),
    result: z.json(),
    async run(params, context) {
      const result = await handler(params as Json, context);
      if (result instanceof AwaitsExecution) return result;
      return result instanceof WithWrites
        ? withWrites(toJson(name, result.result), result.writes)
        : toJson(name, result);
    },
  });
}

/** Handlers are JavaScript: what they return becomes what its JSON is, nothing becomes null. */
function toJson(name: string, value: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(value ?? null)) as Json;
  } catch {
    throw new StepError({
      code: 'invalid_result',
      message: `Action ${name} gave a result that is not JSON.`,
      hint: 'Return plain objects, lists, text, numbers, booleans and null.',
    });
  }
}
