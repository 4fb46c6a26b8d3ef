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
 */
export {};
