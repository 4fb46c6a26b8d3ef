export * from './snapshot.ts';
export * from './watch-execution.ts';
