import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from './step.ts';

const system = vi.hoisted(() => ({ lookup: vi.fn() }));
vi.mock('node:dns/promises', () => system);

const { lookUp } = await import('../../../shared/http/lookup.ts');

const coded = (code: string) => Object.assign(new Error(code), { code });
const named = (name: string) => Object.assign(new Error(name), { name });

afterEach(() => {
  vi.unstubAllGlobals();
  system.lookup.mockReset();
});

describe('a name', () => {
  it('is asked of the system for all of its addresses', async () => {
    system.lookup.mockResolvedValue([
      { address: '1.2.3.4', family: 4 },
      { address: '::1', family: 6 },
    ]);
    expect(await lookUp('example.com')).toEqual(['1.2.3.4', '::1']);
    expect(system.lookup).toHaveBeenCalledWith('example.com', { all: true });
  });

  it.each(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN'])(
    'that the system answers with %s has no address',
    async (code) => {
      system.lookup.mockRejectedValue(coded(code));
      expect(await errorOf(() => lookUp('example.com'))).toMatchObject({
        code: 'http_failed',
        retryable: true,
      });
    },
  );
});

describe('where the system cannot be asked', () => {
  const resolver = (resolveDns: unknown) => {
    system.lookup.mockRejectedValue(coded('ERR_NOT_IMPLEMENTED'));
    vi.stubGlobal('Deno', { resolveDns });
  };

  it("Deno's resolver is, for both kinds of address", async () => {
    resolver(async (_: string, type: string) => (type === 'A' ? ['1.2.3.4'] : ['::1']));
    expect(await lookUp('example.com')).toEqual(['1.2.3.4', '::1']);
  });

  it('one kind of address is enough', async () => {
    resolver(async (_: string, type: string) => {
      if (type === 'A') throw named('NotFound');
      return ['::1'];
    });
    expect(await lookUp('example.com')).toEqual(['::1']);
  });

  it('a name without either has no address', async () => {
    resolver(async () => Promise.reject(named('NotFound')));
    expect((await errorOf(() => lookUp('example.com'))).code).toBe('http_failed');
  });

  it('nor the resolver, nobody knows', async () => {
    resolver(async () => Promise.reject(named('NotSupported')));
    expect(await lookUp('example.com')).toBeUndefined();
    resolver(undefined);
    expect(await lookUp('example.com')).toBeUndefined();
  });
});
