/**
 * Your own actions. The worker loads this file before it runs anything: register here what your workflows
 * call, and import it wherever you publish them, so that they are checked against the same actions.
 *
 *   import { z } from 'zod';
 *   import { defineAction } from '../shared/actions/define.ts';
 *   import { registerAction, registerActionHandler } from '../shared/actions/registry.ts';
 *
 *   registerActionHandler('customAction', async (params, context) => ({ success: true }));
 *
 *   registerAction(
 *     defineAction({
 *       name: 'greet',
 *       params: z.strictObject({ name: z.string() }),
 *       result: z.strictObject({ text: z.string() }),
 *       run: async ({ name }) => ({ text: `Hello ${name}` }),
 *     }),
 *   );
 *
 * An action calls the outside (kind `external`, the default) or writes rows (`database`). One that does both
 * returns its rows with its result, and they are written in the transaction that completes the step:
 *
 *   import { withWrites } from '../shared/actions/writes.ts';
 *   return withWrites({ id }, (db) => db.insertInto('public.orders').values({ … }).execute());
 */
export {};
