// Writes docs/actions.md anew: `npm run docs:actions`, after a change of an action's schemas.
import { writeFileSync } from 'node:fs';
import { actionsPage } from './page.ts';

writeFileSync(new URL('../../../docs/actions.md', import.meta.url), actionsPage());
