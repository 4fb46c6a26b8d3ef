import Serializer from '@supabase/realtime-js/dist/module/lib/serializer.js';
import { describe, expect, it } from 'vitest';
import { InsertReader } from '../../supabase/local/realtime/pgoutput.ts';
import { decode, encode, encodeBroadcast, type Frame } from '../../supabase/local/realtime/protocol.ts';

const frame: Frame = {
  joinRef: '1',
  ref: '2',
  topic: 'realtime:room',
  event: 'phx_join',
  payload: { config: {} },
};

/** The client's own codec writes and reads the frames; ours must agree with it. */
const client = new Serializer();

function fromClient(message: Parameters<Serializer['encode']>[0]): Frame {
  const wire = client.encode(message, (result) => result);
  return typeof wire === 'string'
    ? decode('2.0.0', Buffer.from(wire), false)
    : decode('2.0.0', Buffer.from(wire), true);
}

function toClient(wire: string | Buffer | undefined): unknown {
  const raw = Buffer.isBuffer(wire) ? new Uint8Array(wire).buffer : (wire ?? '');
  return client.decode(raw, (message: unknown) => message);
}

describe('frames of version 2.0.0', () => {
  it('are read from the client', () => {
    const { joinRef: join_ref, ...rest } = frame;
    expect(fromClient({ join_ref, ...rest })).toEqual(frame);
  });

  it('are read by the client', () => {
    expect(toClient(encode('2.0.0', frame))).toEqual({
      join_ref: '1',
      ref: '2',
      topic: 'realtime:room',
      event: 'phx_join',
      payload: { config: {} },
    });
  });

  it.each([{ n: 1, text: 'grün' }, [1, 2], 'text'])('carry a client’s broadcast of %j', (payload) => {
    const message = { join_ref: '1', ref: '22', topic: 'realtime:room', event: 'broadcast' };
    expect(fromClient({ ...message, payload: { type: 'broadcast', event: 'say', payload } })).toEqual({
      joinRef: '1',
      ref: '22',
      topic: 'realtime:room',
      event: 'broadcast',
      payload: { type: 'broadcast', event: 'say', payload },
    });
  });

  it('carry a broadcast of bytes both ways', () => {
    const bytes = new Uint8Array([1, 0, 255]);
    const message = { join_ref: null, ref: null, topic: 'realtime:room', event: 'broadcast' };
    const read = fromClient({ ...message, payload: { event: 'say', payload: bytes.buffer } });
    expect(read).toMatchObject({ joinRef: null, ref: null, payload: { payload: Buffer.from(bytes) } });
    const wire = encodeBroadcast('2.0.0', 'realtime:room', {
      event: 'say',
      payload: Buffer.from(bytes),
      meta: { id: 'x' },
    });
    expect(toClient(wire)).toEqual({
      join_ref: null,
      ref: null,
      topic: 'realtime:room',
      event: 'broadcast',
      payload: { type: 'broadcast', event: 'say', payload: bytes.buffer, meta: { id: 'x' } },
    });
  });

  it.each([
    ['a kind we do not know', Buffer.from([0, 1, 2, 3, 4, 5, 6])],
    ['a frame cut off', Buffer.from([3, 0, 0, 200, 0, 0, 1, 65])],
    ['nothing', Buffer.alloc(0)],
  ])('refuse %s', (_, data) => {
    expect(() => decode('2.0.0', data, true)).toThrow();
  });

  it.each(['{"topic":"t","event":"e"}', '[null,null,7,"e",{}]', 'no JSON'])('refuse %s', (text) => {
    expect(() => decode('2.0.0', Buffer.from(text), false)).toThrow();
  });
});

describe('frames of version 1.0.0', () => {
  const wire = {
    topic: 'realtime:room',
    event: 'phx_join',
    payload: { config: {} },
    ref: '2',
    join_ref: '1',
  };

  it('are JSON objects', () => {
    expect(decode('1.0.0', Buffer.from(JSON.stringify(wire)), false)).toEqual(frame);
    expect(JSON.parse(encode('1.0.0', frame))).toEqual(wire);
  });

  it('cannot carry bytes', () => {
    expect(
      encodeBroadcast('1.0.0', 'realtime:room', { event: 'say', payload: Buffer.from([1]) }),
    ).toBeUndefined();
  });
});

describe('the replication stream', () => {
  const text = (value: string) => Buffer.from(`${value}\0`);
  const number = (value: number, size: 2 | 4) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(value, 0, size);
    return bytes;
  };
  const column = (name: string) =>
    Buffer.concat([Buffer.from([1]), text(name), number(25, 4), number(0xffffffff, 4)]);
  const relation = Buffer.concat([
    Buffer.from('R'),
    number(9, 4),
    text('realtime'),
    text('messages'),
    Buffer.from('d'),
    number(2, 2),
    column('topic'),
    column('event'),
  ]);
  const insert = Buffer.concat([
    Buffer.from('I'),
    number(9, 4),
    Buffer.from('N'),
    number(2, 2),
    Buffer.from('t'),
    number(5, 4),
    Buffer.from('räum'),
    Buffer.from('n'),
  ]);

  it('yields inserted rows by column name, and nothing for other messages', () => {
    const reader = new InsertReader();
    expect(reader.read(relation)).toBeUndefined();
    expect(reader.read(Buffer.from('C'))).toBeUndefined();
    expect(reader.read(insert)).toEqual({ topic: 'räum', event: null });
  });
});
