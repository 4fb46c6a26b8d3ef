import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import postgres, { type Sql } from 'postgres';
import { driveCalls } from '../compare/drive.ts';
import type { MakePeer } from '../compare/peer.ts';
import { organizationId, type Shape, shapes, stepNames } from '../compare/shapes.ts';
import { RestateServer } from './restate-server.ts';

/** The SDK's own logger writes two lines an invocation. */
const quiet = () => {};

/** Restate: one server with its default settings, a service whose handlers run their steps with `ctx.run`. */
const makeRestate: MakePeer = () => {
  const server = new RestateServer();
  let endpoint: Http2Server | undefined;
  let sql: Sql;

  const handler = (shape: Shape) => async (context: restate.Context) => {
    for (const step of stepNames(shape)) {
      await context.run(step, async () => {
        if (shape.writes)
          await sql`insert into public.bench_rows (organization_id, step) values (${organizationId}, ${step})`;
      });
    }
  };

  const serve = async (): Promise<number> => {
    const handlers = Object.fromEntries(shapes.map((shape) => [shape.id, handler(shape)]));
    const service = restate.service({ name: 'bench', handlers });
    const http2 = createServer(restate.endpoint().setLogger(quiet).bind(service).http2Handler());
    endpoint = http2;
    await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
    return (http2.address() as AddressInfo).port;
  };

  const execute = async ({ id }: Shape) => {
    const response = await fetch(`${server.ingress}/bench/${id}`, { method: 'POST' });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: 10, onnotice: () => {} });
      await server.start();
      await server.register(`http://127.0.0.1:${await serve()}`);
    },
    run: (shape, executions, concurrency) => driveCalls(() => execute(shape), executions, concurrency),
    async close() {
      await server.stop();
      endpoint?.close();
      await sql?.end({ timeout: 1 });
    },
  };
};

export default makeRestate;
