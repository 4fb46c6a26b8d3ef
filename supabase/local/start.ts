import { parseArgs } from 'node:util';
import { messageOf } from './errors.ts';
import { type Platform, startPlatform } from './platform.ts';

const { values } = parseArgs({
  options: {
    'api-port': { type: 'string' },
    'db-port': { type: 'string' },
    'data-dir': { type: 'string' },
    fresh: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const number = (value: string | undefined) => (value === undefined ? undefined : Number(value));
let platform: Platform | undefined;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await platform?.stop();
    process.exit(0);
  });
}
try {
  platform = await startPlatform({
    apiPort: number(values['api-port']),
    dbPort: number(values['db-port']),
    dataDir: values['data-dir'],
    fresh: values.fresh,
    say,
  });
  const line = {
    api_url: platform.apiUrl,
    db_url: platform.dbUrl,
    publishable_key: platform.publishableKey,
    secret_key: platform.secretKey,
    web_url: null,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(line)}\n`);
  else say(JSON.stringify(line, null, 2));
} catch (error) {
  say(messageOf(error));
  process.exit(1);
}
