import process from 'node:process';
import { type Connection, createDatabase } from '../../../shared/actions/database/facade.ts';
import { actionCatalog, findAction } from '../../../shared/actions/registry.ts';
import { connect } from '../../../shared/database/connect.ts';

/**
 * A worker that is broken on purpose: what a database action writes is committed at once, in
 * transactions of its own, and not together with the step's outcome.
 */
export function actOutsideTheTransaction(): void {
  const connections = connect({ get: (name) => process.env[name] }, 'workflow-worker');
  const connection: Connection = {
    run: async (text, parameters) => connections.sql.unsafe(text, parameters as never[]) as never,
    savepoint: (work) => work(connection),
  };
  const db = createDatabase(connection);
  for (const name of actionCatalog.names()) {
    const action = findAction(name);
    if (action?.kind !== 'database') continue;
    const { run } = action;
    action.run = (params, context) => run(params, { ...context, db });
  }
}
