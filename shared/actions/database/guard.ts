import type { OperationNode } from 'kysely';
import { StepError } from '../../errors.ts';

/** `"leads"`, `character varying`, `public.mood[]`: nothing that could leave a cast. */
const TYPE_NAME = /^("[^"]+"|\w+)(\.("[^"]+"|\w+))?( \w+)*(\[\])*$/;
const FUNCTION_NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;
/** Functions that could leave the user's role, the transaction's limits or the database. */
const REFUSED_FUNCTION = /^(pg_catalog\.)?(set_config|pg_.*|lo_.*|dblink.*|.*_to_xml.*|ts_stat|ts_rewrite)$/;
/** Kysely's own fragments: order directions and `join … on true`. */
const OWN_FRAGMENT = /^(asc|desc|true|)$/;

interface AnyNode {
  kind?: unknown;
  [key: string]: unknown;
}

/**
 * Handlers build statements, they do not write them: as the transaction's login could change its
 * role, one `set_config('role', …)` would leave row-level security. Walks the statement before it runs.
 *
 * @throws StepError `raw_sql_refused`
 */
export function refuseRawSql(statement: OperationNode): void {
  visit(statement as unknown as AnyNode);
}

function visit(node: AnyNode): void {
  if (node.kind === 'CastNode') {
    visitCast(node);
    return;
  }
  if (node.kind === 'RawNode' && !(node.sqlFragments as string[]).every((text) => OWN_FRAGMENT.test(text)))
    refuse((node.sqlFragments as string[]).join('…'));
  if (node.kind === 'FunctionNode') {
    const name = String(node.func);
    if (!FUNCTION_NAME.test(name) || REFUSED_FUNCTION.test(name)) refuse(name);
  }
  visitChildren(node);
}

/** A cast may name any type, also one that Kysely does not list. */
function visitCast(node: AnyNode): void {
  const type = node.dataType as AnyNode;
  if (type.kind === 'RawNode') {
    const text = (type.sqlFragments as string[]).join('');
    if ((type.parameters as unknown[]).length > 0 || !TYPE_NAME.test(text)) refuse(text);
  }
  visit(node.expression as AnyNode);
}

function visitChildren(node: AnyNode): void {
  for (const [key, child] of Object.entries(node)) {
    // Parameters are data, whatever they look like.
    if (node.kind === 'ValueNode' || (node.kind === 'PrimitiveValueListNode' && key === 'values')) continue;
    if (Array.isArray(child)) {
      for (const item of child) if (isNode(item)) visit(item);
    } else if (isNode(child)) visit(child);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).kind === 'string';
}

function refuse(text: string): never {
  throw new StepError({
    code: 'raw_sql_refused',
    message: `A step's database takes no SQL text: ${text.slice(0, 80)}`,
    hint: 'Build the statement with the query builder, or put the SQL into a database function and call it with fn().',
  });
}
