import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();

/** The arrows between statuses in the Mermaid diagrams, as `entity from to cause`. */
function drawnTransitions(): string[] {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  return ['execution', 'step'].flatMap((entity) => {
    const heading = entity === 'execution' ? '### Execution' : '### Step run';
    const diagram = text.split(heading)[1]?.split('```')[1] ?? '';
    return [...diagram.matchAll(/^ {2}(\w+) --> (\w+): (.+)$/gm)].map(
      ([, from, to, cause]) => `${entity} ${from} ${to} ${cause}`,
    );
  });
}

it('the diagrams of ARCHITECTURE.md show exactly the transitions there are', async () => {
  const rows = await database.sql`select entity, from_status, to_status, cause from workflow.transitions`;
  const stored = rows.map(
    ({ entity, from_status, to_status, cause }) => `${entity} ${from_status} ${to_status} ${cause}`,
  );
  expect(drawnTransitions().sort()).toEqual(stored.sort());
  expect(stored.length).toBeGreaterThan(15);
});

it('every status of the tables is in a diagram', async () => {
  const rules = await database.sql<{ entity: string; source: string }[]>`
    select replace(proname, 'is_legal_', '') as entity, prosrc as source
    from pg_proc where oid in ('workflow.is_legal_execution'::regproc, 'workflow.is_legal_step'::regproc)`;
  const drawn = drawnTransitions().flatMap((arrow) => {
    const [entity, from, to] = arrow.split(' ');
    return [`${entity} ${from}`, `${entity} ${to}`];
  });
  const allowed = rules.flatMap(({ entity, source }) =>
    [...source.matchAll(/when '(\w+)'/g)].map(([, status]) => `${entity} ${status}`),
  );
  expect([...new Set(drawn)].sort()).toEqual(allowed.sort());
  expect(allowed).toHaveLength(13);
});
