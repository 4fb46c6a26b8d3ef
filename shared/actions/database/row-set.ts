import type { Json } from '../../errors.ts';
import { type Entity, tableOf } from './entity.ts';
import type { Database } from './facade.ts';
import { type Builder, castSql, type Sql, typedValue } from './operand.ts';
import { fetchRows, type Row } from './rows.ts';

/** The values of one row of many, and its place among them. */
export interface Item {
  index: number;
  values: Record<string, Json>;
}

/** A row as it was written, and the place of the item it came from. */
export interface Written {
  index: number;
  row: Row;
}

const GIVEN = 'given';
const TARGET = 'target';

/** Inserts rows that name the same columns, in one statement. The others get their defaults. */
export async function insertSet(db: Database, entity: Entity, items: readonly Item[]): Promise<Written[]> {
  const columns = Object.keys(items[0]?.values ?? {});
  const rows = await fetchRows(db, entity, (on) =>
    on
      .insertInto(tableOf(entity))
      .columns(columns)
      .expression((eb) => eb.selectFrom(givenRows(eb, entity, items).as(GIVEN)).select(columns))
      .returningAll(),
  );
  return rows.map((row, position) => ({ index: items[position]?.index ?? position, row }));
}

/**
 * Changes rows of the organisation in one statement, each found by the primary key among its values.
 * @param columns what is changed: the same in every item
 * @returns the rows there were
 */
export async function updateSet(
  db: Database,
  { entity, organizationId, columns }: { entity: Entity; organizationId: string; columns: readonly string[] },
  items: readonly Item[],
): Promise<Written[]> {
  const { primaryKey, tenantColumn } = entity;
  const rows = await fetchRows(db, entity, (on) =>
    on
      .updateTable(`${tableOf(entity)} as ${TARGET}`)
      .from((eb) => givenRows(eb as Builder, entity, items).as(GIVEN))
      .set((eb) => Object.fromEntries(columns.map((column) => [column, eb.ref(`${GIVEN}.${column}`)])))
      .where((eb) =>
        eb.and([
          ...primaryKey.map((column) => eb(`${TARGET}.${column}`, '=', eb.ref(`${GIVEN}.${column}`))),
          eb(
            `${TARGET}.${tenantColumn}`,
            '=',
            typedValue(eb as Builder, organizationId, entity.columns[tenantColumn]?.type ?? 'uuid'),
          ),
        ]),
      )
      .returningAll(TARGET),
  );
  const places = new Map(items.map(({ index, values }) => [keyOf(entity, values), index]));
  return rows.map((row) => ({ index: places.get(keyOf(entity, row)) ?? -1, row }));
}

/** The items as rows of the entity's own type: one parameter, however many there are. */
function givenRows(eb: Builder, entity: Entity, items: readonly Item[]) {
  const type = castSql(eb, eb.lit(null), `"${entity.schema}"."${entity.table}"`);
  const rows: Sql = typedValue(eb, items.map(({ values }) => values) as Json, 'jsonb');
  return eb.fn<Row>('jsonb_populate_recordset', [type, rows]);
}

/** The primary key among a row's values, in a form that is equal where the keys are. */
export function keyOf({ primaryKey, columns }: Entity, values: Record<string, Json>): string {
  const parts = primaryKey.map((column) => {
    const text = String(values[column]);
    return columns[column]?.type === 'uuid' ? text.toLowerCase() : text;
  });
  return JSON.stringify(parts);
}
