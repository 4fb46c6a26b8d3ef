import type { CompileResult } from '../definition/index.ts';

/**
 * Compiles a definition against the actions registered here and the notification templates. Compiler and catalogues are loaded
 * when they are needed: an application that only starts and watches never loads them.
 */
export async function compileDefinition(definition: unknown): Promise<CompileResult> {
  const [{ compile }, { actionCatalog }, { notificationCatalog }] = await Promise.all([
    import('../definition/index.ts'),
    import('../actions/registry.ts'),
    import('../notifications/catalog.ts'),
  ]);
  return compile(definition, { actions: actionCatalog, templates: notificationCatalog });
}
