export * from './bulk.ts';
export * from './publish.ts';
export * from './retry.ts';
export * from './snapshot.ts';
export * from './watch-execution.ts';
