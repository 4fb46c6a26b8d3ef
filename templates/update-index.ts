// Writes index.generated.ts anew: `npm run gen:templates`.
import { writeFileSync } from 'node:fs';
import { generateIndex } from './generate-index.ts';

writeFileSync(new URL('./index.generated.ts', import.meta.url), generateIndex());
