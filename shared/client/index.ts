/**
 * What an application imports: `WorkflowService`, or its methods one by one as functions that take a supabase client.
 * Works in browsers, Node and Deno. docs/client.md shows all of it.
 */
export type { Json } from '../errors.ts';
export * from './approvals.ts';
export * from './bulk.ts';
export type { Database } from './database.types.ts';
export { WorkflowError } from './error.ts';
export * from './executions.ts';
export { type PreviewOptions, previewNotification, type TemplateChannel } from './preview-notification.ts';
export { InvalidDefinitionError, type Published, type PublishOptions, publishWorkflow } from './publish.ts';
export * from './retry.ts';
export * from './schedules.ts';
export * from './secrets.ts';
export * from './service.ts';
export * from './snapshot.ts';
export { type AnySupabaseClient, clientFromEnvironment } from './supabase.ts';
export * from './templates.ts';
export * from './test-workflow.ts';
export * from './types.ts';
export * from './watch-execution.ts';
export * from './watch-organization.ts';
export * from './workflows.ts';
