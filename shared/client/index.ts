export * from './publish.ts';
export * from './snapshot.ts';
export * from './watch-execution.ts';
