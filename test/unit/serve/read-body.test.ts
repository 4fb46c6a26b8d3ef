import { describe, expect, it } from 'vitest';
import { parseJsonBody, readRequestBody } from '../../../shared/serve/read-body.ts';

/** A request whose body comes in pieces of ten bytes, its length not declared. */
function streamed(pieces: number) {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === pieces) return controller.close();
      sent += 1;
      controller.enqueue(new Uint8Array(10).fill(sent));
    },
  });
  const request = new Request('http://test', { method: 'POST', body, duplex: 'half' } as RequestInit);
  return { request, sent: () => sent };
}

describe('a body', () => {
  it('up to the limit is read whole', async () => {
    const bytes = await readRequestBody(streamed(3).request, 30);
    expect([...bytes.subarray(9, 11), bytes.length]).toEqual([1, 2, 30]);
  });

  it('beyond the limit is not read on, and not begun where its length is declared', async () => {
    const stream = streamed(1_000);
    await expect(readRequestBody(stream.request, 30)).rejects.toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
    expect(stream.sent()).toBeLessThan(10);
    const declared = new Request('http://test', {
      method: 'POST',
      body: 'x',
      headers: { 'content-length': '31' },
    });
    await expect(readRequestBody(declared, 30)).rejects.toMatchObject({ status: 413 });
    expect(declared.bodyUsed).toBe(false);
  });

  it('of JSON keeps its text, and nests at most 100 levels deep', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const nested = (levels: number) => bytes(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(parseJsonBody(bytes('[1.0]'))).toEqual({ text: '[1.0]', value: [1] });
    expect(parseJsonBody(nested(100)).value).toHaveLength(1);
    expect(() => parseJsonBody(nested(101))).toThrow('100 levels');
    expect(() => parseJsonBody(nested(100_000))).toThrow('100 levels');
  });
});
