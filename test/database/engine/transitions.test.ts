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
  const rows = await database.sql<{ entity: string; definition: string }[]>`
    select case conrelid::regclass::text when 'workflow_executions' then 'execution' else 'step' end as entity,
      pg_get_constraintdef(oid) as definition
    from pg_constraint where conname in ('workflow_executions_status_check', 'workflow_execution_steps_status_check')`;
  const drawn = drawnTransitions();
  for (const { entity, definition } of rows) {
    for (const [, status] of definition.matchAll(/'(\w+)'::text/g)) {
      expect(
        drawn.some(
          (arrow) =>
            arrow.startsWith(entity) &&
            arrow
              .split(' ')
              .slice(1, 3)
              .includes(status ?? ''),
        ),
      ).toBe(true);
    }
  }
});
