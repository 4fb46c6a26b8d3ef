/** The main job in one command: a lead is inserted, a workflow runs step by step, and you watch it live. */
import { parseArgs } from 'node:util';
import { failWith, onPlatform, say } from './environment.ts';
import { runDemo } from './lead-scoring.ts';

const { values } = parseArgs({
  options: { 'data-dir': { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
});

if (values.help) {
  process.stdout.write(`Runs the lead-scoring demo on the running platform, or on one it starts and stops.

  npm run demo -- [options]

  --data-dir <path>   the platform's data folder (default: .local)
  --help              this text
`);
} else {
  onPlatform(values['data-dir'], runDemo)
    .then((result) => {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      process.exitCode = result.status === 'succeeded' ? 0 : 1;
      if (process.exitCode) say('The execution did not succeed; see its steps above.');
    })
    .catch(failWith);
}
