import type { WebSocket } from 'ws';
import { Channel, type Services, type Transport } from './channel.ts';
import { decode, encode, type Frame, type Version } from './protocol.ts';

/** One WebSocket and the channels on it. */
export class RealtimeSocket implements Transport {
  readonly #channels = new Map<string, Channel>();

  constructor(
    readonly ws: WebSocket,
    readonly version: Version,
    readonly apiKey: string,
    readonly services: Services,
  ) {
    ws.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    ws.on('close', () => {
      for (const channel of [...this.#channels.values()]) channel.close();
    });
    ws.on('error', () => {});
  }

  /** Makes the client connect and join again. */
  disconnect(reason: string): void {
    this.ws.close(1012, reason);
  }

  sendFrame(frame: Frame): void {
    this.sendRaw(encode(this.version, frame));
  }

  sendRaw(frame: string | Buffer): void {
    if (this.ws.readyState === this.ws.OPEN) this.ws.send(frame);
  }

  forget(channel: Channel): void {
    if (this.#channels.get(channel.join.topic) === channel) this.#channels.delete(channel.join.topic);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    let frame: Frame;
    try {
      frame = decode(this.version, data, isBinary);
    } catch (error) {
      this.services.log(`realtime: unreadable frame: ${error}`);
      this.ws.close(1007, 'unreadable frame');
      return;
    }
    this.#route(frame);
  }

  #route(frame: Frame): void {
    const channel = this.#channels.get(frame.topic);
    if (frame.event === 'phx_join' && frame.topic.startsWith('realtime:')) {
      channel?.close();
      this.#channels.set(frame.topic, new Channel(frame, this, this.services));
    } else if (frame.topic === 'phoenix' && frame.event === 'heartbeat') {
      this.#reply(frame, 'ok', {});
    } else if (channel) {
      channel.receive(frame);
    } else if (frame.ref !== null) {
      this.#reply(frame, 'error', { reason: 'unmatched topic' });
    }
  }

  #reply(to: Frame, status: string, response: Record<string, unknown>): void {
    this.sendFrame({ ...to, event: 'phx_reply', payload: { status, response } });
  }
}
