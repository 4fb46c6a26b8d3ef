/**
 * Phoenix frames as realtime-js writes them. Version 1.0.0 is a JSON object, 2.0.0 a JSON array; in 2.0.0 a client's
 * broadcast is binary (kind 3) and so is a server's when its payload is bytes (kind 4), which 1.0.0 cannot carry.
 */
export type Version = '1.0.0' | '2.0.0';

export interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: Record<string, unknown>;
}

export interface Broadcast {
  event: string;
  /** JSON, or bytes as they came. */
  payload: unknown;
  meta?: { id: string };
}

const userBroadcastPush = 3;
const userBroadcast = 4;
const binaryEncoding = 0;
const jsonEncoding = 1;

/**
 * Reads a client's frame.
 * @throws when it is not one
 */
export function decode(version: Version, data: Buffer, isBinary: boolean): Frame {
  if (isBinary) return decodePush(data);
  const value: unknown = JSON.parse(data.toString('utf8'));
  if (version === '2.0.0') {
    if (!Array.isArray(value)) throw new Error('a 2.0.0 frame is a JSON array');
    const [joinRef, ref, topic, event, payload] = value;
    return frameOf({ joinRef, ref, topic, event, payload });
  }
  const { join_ref, ref, topic, event, payload } = (value ?? {}) as Record<string, unknown>;
  return frameOf({ joinRef: join_ref, ref, topic, event, payload });
}

/** Writes a frame for a client. */
export function encode(version: Version, { joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify(
    version === '2.0.0'
      ? [joinRef, ref, topic, event, payload]
      : { topic, event, payload, ref, join_ref: joinRef },
  );
}

/** Writes a broadcast for a client; undefined when its version cannot carry the payload. */
export function encodeBroadcast(
  version: Version,
  topic: string,
  broadcast: Broadcast,
): string | Buffer | undefined {
  if (!Buffer.isBuffer(broadcast.payload)) {
    const payload = { type: 'broadcast', ...broadcast };
    return encode(version, { joinRef: null, ref: null, topic, event: 'broadcast', payload });
  }
  if (version === '1.0.0') return undefined;
  const parts = [topic, broadcast.event, broadcast.meta ? JSON.stringify(broadcast.meta) : ''].map((part) =>
    Buffer.from(part),
  );
  const header = [userBroadcast, ...parts.map((part) => part.length), binaryEncoding];
  return Buffer.concat([Buffer.from(header), ...parts, broadcast.payload]);
}

/** `[3, lengths of join_ref, ref, topic, event and metadata, encoding]`, then those five and the payload. */
function decodePush(data: Buffer): Frame {
  if (data[0] !== userBroadcastPush || data.length < 7) throw new Error('unknown kind of binary frame');
  let at = 7;
  const [joinRef, ref, topic, event] = [1, 2, 3, 4, 5].map((index) => {
    const part = data.toString('utf8', at, at + (data[index] ?? 0));
    at += data[index] ?? 0;
    return part;
  });
  if (at > data.length) throw new Error('the binary frame is too short');
  const bytes = data.subarray(at);
  const payload = data[6] === jsonEncoding ? JSON.parse(bytes.toString('utf8')) : Buffer.from(bytes);
  return frameOf({
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event: 'broadcast',
    payload: { type: 'broadcast', event, payload },
  });
}

function frameOf(parts: Record<keyof Frame, unknown>): Frame {
  const { joinRef, ref, topic, event, payload } = parts;
  if (typeof topic !== 'string' || typeof event !== 'string')
    throw new Error('a frame has a topic and an event');
  return {
    joinRef: typeof joinRef === 'string' ? joinRef : null,
    ref: typeof ref === 'string' ? ref : null,
    topic,
    event,
    payload: typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {},
  };
}
