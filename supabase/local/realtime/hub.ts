import { type Broadcast, encodeBroadcast, type Version } from './protocol.ts';

/** A joined channel, as far as the hub is concerned. */
export interface Listener {
  /** Without the prefix `realtime:`. */
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly version: Version;
  deliver(frame: string | Buffer): void;
}

/** Who listens where. A public and a private channel of one name are two topics, as on hosted Realtime. */
export class Hub {
  readonly #listeners = new Map<string, Set<Listener>>();

  add(listener: Listener): void {
    const key = keyOf(listener.isPrivate, listener.topic);
    const there = this.#listeners.get(key);
    if (there) there.add(listener);
    else this.#listeners.set(key, new Set([listener]));
  }

  remove(listener: Listener): void {
    const key = keyOf(listener.isPrivate, listener.topic);
    const there = this.#listeners.get(key);
    there?.delete(listener);
    if (there?.size === 0) this.#listeners.delete(key);
  }

  /** Hands a broadcast to everyone joined to the topic, `except` one. */
  broadcast(isPrivate: boolean, topic: string, broadcast: Broadcast, except?: Listener): void {
    const encoded = new Map<Version, string | Buffer | undefined>();
    for (const listener of this.#listeners.get(keyOf(isPrivate, topic)) ?? []) {
      if (listener === except) continue;
      if (!encoded.has(listener.version)) {
        encoded.set(listener.version, encodeBroadcast(listener.version, `realtime:${topic}`, broadcast));
      }
      const frame = encoded.get(listener.version);
      if (frame !== undefined) listener.deliver(frame);
    }
  }
}

function keyOf(isPrivate: boolean, topic: string): string {
  return `${isPrivate ? 'private' : 'public'}:${topic}`;
}
