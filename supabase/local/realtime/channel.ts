import type { Authorization } from './authorization.ts';
import type { Hub, Listener } from './hub.ts';
import { type Claims, expired, identify, type Keys, Refusal } from './jwt.ts';
import type { Frame, Version } from './protocol.ts';

export interface Services {
  keys: Keys;
  hub: Hub;
  authorization: Authorization;
  /** Resolves once messages of the database are being received. */
  ready(): Promise<void>;
  log(line: string): void;
}

/** What a channel needs of the socket it lives on. */
export interface Transport {
  readonly version: Version;
  /** The key the socket was opened with, used when a join brings no token. */
  readonly apiKey: string;
  sendFrame(frame: Frame): void;
  sendRaw(frame: string | Buffer): void;
  forget(channel: Channel): void;
}

interface Config {
  broadcast?: { ack?: boolean; self?: boolean };
  private?: boolean;
  postgres_changes?: unknown[];
}

const longestTimer = 2 ** 31 - 1;

/** One client's membership of one topic, from `phx_join` to its end. Frames are handled one after the other. */
export class Channel implements Listener {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly version: Version;
  readonly #config: Config;
  #work: Promise<void> = Promise.resolve();
  #token = '';
  #claims: Claims | undefined;
  #mayWrite: boolean | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly join: Frame,
    readonly transport: Transport,
    readonly services: Services,
  ) {
    this.topic = join.topic.replace(/^realtime:/, '');
    this.#config = (join.payload.config ?? {}) as Config;
    this.isPrivate = this.#config.private === true;
    this.version = transport.version;
    this.#enqueue(() => this.#join());
  }

  /** Takes a frame that came after the join. */
  receive(frame: Frame): void {
    this.#enqueue(() => this.#handle(frame));
  }

  deliver(frame: string | Buffer): void {
    this.transport.sendRaw(frame);
  }

  /** Ends the membership without a word to the client. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.services.hub.remove(this);
    this.transport.forget(this);
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : task()))
      .catch((error) => this.services.log(`realtime: ${error}`));
  }

  async #join(): Promise<void> {
    try {
      if (this.topic === '') throw new Refusal('TopicNameRequired: You must provide a topic name');
      if ((this.#config.postgres_changes ?? []).length > 0) {
        throw new Refusal(
          'postgres_changes is not available on the local stand-in: use broadcast from the database',
        );
      }
      await this.services.ready();
      await this.#authenticate(this.#tokenOf(this.join.payload.access_token));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.#closed) return;
      this.#reply(this.join, 'error', { reason: error.message });
      this.close();
      return;
    }
    if (this.#closed) return;
    this.services.hub.add(this);
    this.#reply(this.join, 'ok', { postgres_changes: [] });
    this.#system('ok', 'Subscribed to Realtime');
  }

  async #handle(frame: Frame): Promise<void> {
    if (frame.event === 'phx_leave') {
      this.#reply(frame, 'ok', {});
      this.#end();
    } else if (frame.event === 'access_token') {
      await this.#refresh(frame.payload.access_token);
    } else if (frame.event === 'broadcast') {
      await this.#broadcast(frame);
    } else if (frame.event === 'presence') {
      // Presence is not kept locally; the acknowledgement lets `track()` resolve.
      this.#reply(frame, 'ok', {});
    }
  }

  async #broadcast(frame: Frame): Promise<void> {
    const { event, payload } = frame.payload;
    this.#mayWrite ??=
      !this.isPrivate ||
      (this.#claims !== undefined && (await this.services.authorization.mayWrite(this.#claims, this.topic)));
    const { ack, self } = this.#config.broadcast ?? {};
    if (!this.#mayWrite) {
      // Hosted says nothing and lets the client run into its timeout.
      const reason = `Unauthorized: You do not have permissions to write to this Channel topic: ${this.topic}`;
      if (ack) this.#reply(frame, 'error', { reason });
      return;
    }
    this.services.hub.broadcast(
      this.isPrivate,
      this.topic,
      { event: String(event), payload },
      self ? undefined : this,
    );
    if (ack) this.#reply(frame, 'ok', {});
  }

  async #refresh(token: unknown): Promise<void> {
    if (typeof token !== 'string' || token.startsWith('sb_') || token === this.#token) return;
    try {
      await this.#authenticate(token);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#shutDown(error.message);
    }
  }

  /** Checks a token and what it may read, and keeps it until it expires. */
  async #authenticate(token: string): Promise<void> {
    const { keys, authorization } = this.services;
    const claims = identify(token, keys);
    if (this.isPrivate && !(await authorization.mayRead(claims, this.topic))) {
      throw new Refusal(
        `Unauthorized: You do not have permissions to read from this Channel topic: ${this.topic}`,
      );
    }
    this.#token = token;
    this.#claims = claims;
    this.#mayWrite = undefined;
    if (!this.#closed) this.#awaitExpiry(claims.exp);
  }

  #awaitExpiry(exp: number | undefined): void {
    clearTimeout(this.#expiry);
    if (exp === undefined) return;
    const left = exp * 1000 - Date.now();
    if (left <= 0) this.#shutDown(expired().message);
    else this.#expiry = setTimeout(() => this.#awaitExpiry(exp), Math.min(left, longestTimer));
  }

  /** supabase-js sends its API key as the token of whoever is not signed in. */
  #tokenOf(given: unknown): string {
    return typeof given === 'string' && given !== '' ? given : this.transport.apiKey;
  }

  #shutDown(message: string): void {
    if (this.#closed) return;
    this.#system('error', message);
    this.#end();
  }

  #end(): void {
    this.#send('phx_close', {});
    this.close();
  }

  #system(status: 'ok' | 'error', message: string): void {
    this.#send('system', { status, message, extension: 'system', channel: this.topic });
  }

  #reply(to: Frame, status: 'ok' | 'error', response: Record<string, unknown>): void {
    this.#send('phx_reply', { status, response }, to.ref);
  }

  #send(event: string, payload: Record<string, unknown>, ref: string | null = null): void {
    const { topic, joinRef } = this.join;
    this.transport.sendFrame({ joinRef, ref, topic, event, payload });
  }
}
