import type { Json } from '../../shared/errors.ts';
import type { Addresses } from './drive/addresses.ts';
import type { ExecutionRow, Row } from './drive/rows.ts';
import type { Interpreter } from './interpret.ts';

/** One thing that is not the same on both sides. */
export interface Difference {
  what: string;
  engine: string;
  interpreter: string;
}

interface Seen {
  status: string;
  handled: boolean;
  attempts: number;
  output: Json;
  error: string | null;
}

/** All differences between the rows of an ended execution and what the interpreter says they should be. */
export function compare(
  execution: ExecutionRow,
  rows: readonly Row[],
  addresses: Addresses,
  interpreter: Interpreter,
): Difference[] {
  const named = addresses.learn(rows).map((address, i) => ({ address, row: rows[i] as Row }));
  const engine = new Map(named.map(({ address, row }) => [address, ofRow(row)]));
  const expected = new Map(interpreter.runs.map((run) => [run.address, ofRun(run)]));
  return [
    ...differing('execution', ofExecution(execution), ofExecution(interpreter)),
    ...[...new Set([...expected.keys(), ...engine.keys()])].flatMap((address) =>
      differing(address, engine.get(address), expected.get(address)),
    ),
    ...differingOrder(
      named.map(({ address, row }) => ({ address, type: row.type })),
      interpreter.runs,
    ),
  ];
}

const ofExecution = ({ status, output, error }: ExecutionRow | Interpreter) => ({
  status,
  output: output ?? null,
  error: error?.code ?? null,
});

const ofRow = ({ status, handled, attempt, output, error }: Row): Seen => ({
  status,
  handled,
  attempts: attempt,
  output: output ?? null,
  error: error?.code ?? null,
});

const ofRun = ({ status, handled, attempts, output, error }: Interpreter['runs'][number]): Seen => ({
  status,
  handled,
  attempts,
  output,
  error: error?.code ?? null,
});

function differing(what: string, engine: object | undefined, interpreter: object | undefined): Difference[] {
  if (!engine || !interpreter) {
    return [
      { what, engine: engine ? text(engine) : 'none', interpreter: interpreter ? text(interpreter) : 'none' },
    ];
  }
  return Object.keys(interpreter)
    .map((key) => ({
      what: `${what}: ${key}`,
      engine: text((engine as Record<string, unknown>)[key]),
      interpreter: text((interpreter as Record<string, unknown>)[key]),
    }))
    .filter((one) => one.engine !== one.interpreter);
}

interface Placed {
  address: string;
  type: string;
}

/** The order within each strand; that of strands beside each other is left to chance. */
function differingOrder(engine: readonly Placed[], interpreter: readonly Placed[]): Difference[] {
  const [left, right] = [byScope(engine), byScope(interpreter)];
  return [...right.keys()].flatMap((scope) =>
    differing(
      `order in ${scope || 'the main line'}`,
      { steps: left.get(scope) ?? [] },
      { steps: right.get(scope) },
    ),
  );
}

function byScope(runs: readonly Placed[]): Map<string, string[]> {
  const scopes = new Map<string, string[]>();
  for (const { address, type } of runs) {
    if (type === 'iteration' || type === 'branch') continue;
    const end = address.lastIndexOf('/');
    const scope = address.slice(0, Math.max(end, 0));
    scopes.set(scope, [...(scopes.get(scope) ?? []), address.slice(end + 1)]);
  }
  return scopes;
}

/** Of an approval: who has decided, and when, is not the interpreter's matter. */
const ignored = ['decidedBy', 'decidedAt', 'comment'];

/** JSON whose keys are in order, so that equal values are equal texts. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([key]) => !ignored.includes(key));
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
