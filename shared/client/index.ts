export * from './bulk.ts';
export {
  type PreviewOptions,
  previewNotification,
  type TemplateChannel,
} from './preview-notification.ts';
export * from './publish.ts';
export * from './retry.ts';
export * from './snapshot.ts';
export * from './watch-execution.ts';
