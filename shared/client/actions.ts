/** What registers an application's own actions, in the worker's `functions/actions.ts` and wherever it publishes. */
export { defineAction } from '../actions/define.ts';
export { registerAction, registerActionHandler } from '../actions/registry.ts';
export type { ActionContext, ActionDefinition, ActionHandler } from '../actions/types.ts';
export { withWrites } from '../actions/writes.ts';
