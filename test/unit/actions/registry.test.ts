import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAction } from '../../../shared/actions/define.ts';
import {
  actionCatalog,
  findAction,
  registerAction,
  registerActionHandler,
} from '../../../shared/actions/registry.ts';
import type { ActionContext } from '../../../shared/actions/types.ts';

const context = {} as ActionContext;

describe('the registry', () => {
  it('describes every built-in action and all of its parameters', () => {
    for (const name of actionCatalog.names()) {
      const action = findAction(name);
      expect(action?.description, name).not.toBe('');
      const schema = z.toJSONSchema(action?.params as z.ZodType, { io: 'input' }) as {
        properties: Record<string, { description?: string }>;
      };
      expect(Object.keys(schema.properties).length, name).toBeGreaterThan(0);
      for (const [parameter, { description }] of Object.entries(schema.properties))
        expect(description, `${name}.${parameter}`).toBeTruthy();
    }
  });

  it('runs a handler without schemas, outside of transactions unless told otherwise', async () => {
    registerActionHandler('customAction', async () => ({ success: true, result: 'custom result' }));
    registerActionHandler('inTransaction', () => null, { kind: 'database' });
    expect(actionCatalog.get('customAction')?.kind).toBe('external');
    expect(actionCatalog.get('inTransaction')?.kind).toBe('database');
    expect(actionCatalog.names()).toContain('customAction');
    expect(await findAction('customAction')?.run({}, context)).toEqual({
      success: true,
      result: 'custom result',
    });
  });

  it('makes JSON of whatever a handler returns', async () => {
    registerActionHandler('odd', (() => ({ at: new Date(0), none: undefined })) as never);
    registerActionHandler('nothing', (() => undefined) as never);
    registerActionHandler('endless', (() => ({ big: 1n })) as never);
    expect(await findAction('odd')?.run({}, context)).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(await findAction('nothing')?.run({}, context)).toBeNull();
    await expect(findAction('endless')?.run({}, context)).rejects.toMatchObject({ code: 'invalid_result' });
  });

  it('takes the latest handler of a name, and never one for a built-in action', async () => {
    registerActionHandler('again', () => 1);
    registerActionHandler('again', () => 2);
    expect(await findAction('again')?.run({}, context)).toBe(2);
    expect(() => registerActionHandler('query', () => null)).toThrow('built-in');
    expect(() => registerActionHandler('two words', () => null)).toThrow('no name');
  });

  it('takes an action with schemas', async () => {
    const params = z.strictObject({ times: z.number() });
    registerAction(
      defineAction({ name: 'double', params, result: z.number(), run: async ({ times }) => times * 2 }),
    );
    expect(actionCatalog.get('double')).toMatchObject({ kind: 'external', params });
    expect(await findAction('double')?.run({ times: 4 }, context)).toBe(8);
  });

  it('knows no other names', () => {
    expect(findAction('toString')).toBeUndefined();
    expect(actionCatalog.get('nope')).toBeUndefined();
  });
});
