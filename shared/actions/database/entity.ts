import { nearest } from '../../definition/nearest.ts';
import { StepError } from '../../errors.ts';
import type { Database } from './facade.ts';

export interface Column {
  /** As Postgres writes it, without length or precision: `text`, `timestamp with time zone`, `uuid[]`. */
  type: string;
  nullable: boolean;
  hasDefault: boolean;
}

/** A table that actions may use. */
export interface Entity {
  /** The name the author wrote. */
  name: string;
  schema: string;
  table: string;
  columns: Record<string, Column>;
  primaryKey: string[];
  /** The column that holds the organisation. */
  tenantColumn: string;
}

interface Description {
  schema: string;
  table: string;
  columns: Record<string, { type: string; nullable: boolean; has_default: boolean }>;
  primary_key: string[];
  tenant_column: string | null;
}

const TTL_MS = 60_000;
const cache = new Map<string, { entity: Entity; until: number }>();

/**
 * The entity of this name, from the isolate's memory for up to a minute.
 *
 * @throws StepError `unknown_entity`, `entity_without_tenant`, `entity_without_key`
 */
export async function getEntity(db: Database, name: string): Promise<Entity> {
  const known = cache.get(name);
  if (known && known.until > Date.now()) return known.entity;
  const description = await describe(db, name);
  if (!description) throw await unknownEntity(db, name);
  const entity = toEntity(name, description);
  cache.set(name, { entity, until: Date.now() + TTL_MS });
  return entity;
}

/** Drops what is remembered of one entity or of all, so that a changed table is described anew. */
export function forgetEntity(name?: string): void {
  if (name === undefined) cache.clear();
  else cache.delete(name);
}

/** @throws StepError `unknown_column`; the entity is described anew by the next attempt. */
export function requireColumn(entity: Entity, column: string, path: string): Column {
  const found = Object.hasOwn(entity.columns, column) ? entity.columns[column] : undefined;
  if (found) return found;
  forgetEntity(entity.name);
  const names = Object.keys(entity.columns);
  throw new StepError({
    code: 'unknown_column',
    message: `${entity.table} has no column "${column}".`,
    hint: didYouMean(column, names) ?? `Its columns are ${names.sort().join(', ')}.`,
    path,
  });
}

/** The name a statement uses for the entity's table. */
export function tableOf(entity: Entity): string {
  return `${entity.schema}.${entity.table}`;
}

async function describe(db: Database, name: string): Promise<Description | null> {
  const row = await db
    .selectNoFrom((eb) => eb.fn('workflow.describe_entity', [eb.val(name)]).as('entity'))
    .executeTakeFirst();
  const entity = row?.entity;
  return (typeof entity === 'string' ? JSON.parse(entity) : (entity ?? null)) as Description | null;
}

function toEntity(name: string, description: Description): Entity {
  const { schema, table, tenant_column: tenantColumn, primary_key: primaryKey } = description;
  if (!tenantColumn)
    throw new StepError({
      code: 'entity_without_tenant',
      message: `${table} has no organization_id, so its rows cannot be kept apart by organisation.`,
      hint: `Add organization_id, or name the column with select workflow.watch_table('${schema}.${table}', tenant_column => '…').`,
      path: 'params.entity',
    });
  if (primaryKey.length === 0)
    throw new StepError({
      code: 'entity_without_key',
      message: `${table} has no primary key.`,
      hint: 'Actions find rows by primary key; add one.',
      path: 'params.entity',
    });
  const columns: Record<string, Column> = {};
  for (const [column, { type, nullable, has_default: hasDefault }] of Object.entries(description.columns))
    columns[column] = { type, nullable, hasDefault };
  return { name, schema, table, columns, primaryKey, tenantColumn };
}

async function unknownEntity(db: Database, name: string): Promise<StepError> {
  const tables = await db
    .selectFrom('information_schema.tables')
    .select('table_name')
    .where('table_schema', '=', 'public')
    .execute();
  const similar = didYouMean(
    name,
    tables.map((table) => String(table.table_name)),
  );
  return new StepError({
    code: 'unknown_entity',
    message: `There is no table "${name}" that actions may use.`,
    hint: similar ?? "Name a table of schema public that is not one of the engine's own, such as leads.",
    path: 'params.entity',
  });
}

function didYouMean(name: string, names: readonly string[]): string | undefined {
  const near = nearest(name, names);
  return near && `Did you mean "${near}"?`;
}
