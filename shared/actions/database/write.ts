import { type Json, StepError } from '../../errors.ts';
import { type Entity, requireColumn } from './entity.ts';
import { type Builder, checkValue, type Sql, typedValue } from './operand.ts';

/**
 * Values for an insert or update, each bound in the type of its column.
 * @throws StepError `unknown_column`, `invalid_value`
 */
export function columnValues(
  eb: Builder,
  entity: Entity,
  values: Record<string, Json>,
  path: string,
): Record<string, Sql> {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => {
      const place = `${path}.${column}`;
      return [column, typedValue(eb, value, requireColumn(entity, column, place).type, place)];
    }),
  );
}

/** @throws StepError `unknown_column`, `invalid_value` for what cannot be written whatever the table holds */
export function checkColumns(entity: Entity, values: Record<string, Json>, path: string): void {
  for (const [column, value] of Object.entries(values)) {
    const place = `${path}.${column}`;
    checkValue(value, requireColumn(entity, column, place).type, place);
  }
}

/** The values with the execution's organisation. @throws StepError `foreign_organization` for another one */
export function withTenant(
  entity: Entity,
  values: Record<string, Json>,
  organizationId: string,
  path = 'params.values',
): Record<string, Json> {
  const given = values[entity.tenantColumn];
  if (given !== undefined && String(given).toLowerCase() !== organizationId.toLowerCase())
    throw new StepError({
      code: 'foreign_organization',
      message: `A workflow writes rows of its own organisation; ${entity.tenantColumn} names another.`,
      hint: `Leave ${entity.tenantColumn} out: it is set by itself.`,
      path: `${path}.${entity.tenantColumn}`,
    });
  return { ...values, [entity.tenantColumn]: organizationId };
}

/** @throws StepError `foreign_organization`: a row stays where it is */
export function refuseTenantChange(entity: Entity, set: Record<string, Json>, path = 'params.set'): void {
  if (!Object.hasOwn(set, entity.tenantColumn)) return;
  throw new StepError({
    code: 'foreign_organization',
    message: `A row keeps its organisation: ${entity.tenantColumn} cannot be set.`,
    hint: `Leave ${entity.tenantColumn} out.`,
    path: `${path}.${entity.tenantColumn}`,
  });
}
