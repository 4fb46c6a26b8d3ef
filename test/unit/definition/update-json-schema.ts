import { writeFileSync } from 'node:fs';
import { workflowJsonSchema } from '../../../shared/definition/index.ts';

// Run with `npx tsx test/unit/definition/update-json-schema.ts && npx biome check --write shared/definition` after a change of the schema.
const file = new URL('../../../shared/definition/workflow.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`);
