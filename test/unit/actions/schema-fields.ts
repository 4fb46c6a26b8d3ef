/** The part of JSON Schema that zod writes. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** One field of an object, nested ones by their path: `order[].field`. */
export interface Field {
  path: string;
  type: string;
  /** Whether it may be left out. */
  optional: boolean;
  default: unknown;
  description: string;
}

/** The fields of an object, those of objects inside it behind their own. */
export function fieldsOf(root: Schema): Field[] {
  const visit = (object: Schema, prefix: string): Field[] =>
    Object.entries(object.properties ?? {}).flatMap(([name, given]) => {
      const schema = resolve(given, root);
      const path = prefix + name;
      const item = schema.type === 'array' && schema.items ? resolve(schema.items, root) : undefined;
      const field = {
        path,
        type: typeOf(schema, root),
        optional: !object.required?.includes(name),
        default: given.default,
        description: given.description ?? schema.description ?? item?.description ?? '',
      };
      return [field, ...visit(schema, `${path}.`), ...(item ? visit(item, `${path}[].`) : [])];
    });
  return visit(root, '');
}

function resolve(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : { ...root.$defs?.[name], ...schema };
}

function typeOf(given: Schema, root: Schema): string {
  const schema = resolve(given, root);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(', ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return union(options, root);
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {}, root)}`;
  return schema.type ?? 'JSON';
}

/** What may be of every type is JSON; its own items are not looked at, since it contains itself. */
function union(options: Schema[], root: Schema): string {
  const types = new Set(options.map(({ type }) => type));
  if (['string', 'number', 'boolean', 'null', 'array'].every((type) => types.has(type))) return 'JSON';
  return [...new Set(options.map((option) => typeOf(option, root)))].join(' or ');
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
