import { z } from 'zod';

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: unknown;
  responses: Record<string, { description: string; content: Record<string, { schema: { $ref: string } }> }>;
}

/** What these tests read of an OpenAPI document. */
export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** Every operation as `GET /executions/{id}`. */
export function operationsOf({ paths }: OpenApi): { name: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );
}

/**
 * Holds an answer to the document: its status and type are declared, and its body fits the schema.
 *
 * @returns the operation's name, and what is wrong
 */
export function checkAnswer(
  document: OpenApi,
  method: string,
  path: string,
  answer: { status: number; type: string; body: unknown },
): { name: string; wrong: string | undefined } {
  const found = operationsOf(document).find(
    (one) =>
      one.name.startsWith(`${method} `) &&
      new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  if (!found) return { name: `${method} ${path}`, wrong: 'no such operation' };
  const content = found.operation.responses[answer.status]?.content[answer.type.split(';')[0] ?? ''];
  if (!content) return { name: found.name, wrong: `${answer.status} of type ${answer.type} is not declared` };
  const { error } = validatorOf(document, content.schema.$ref).safeParse(answer.body);
  return { name: found.name, wrong: error && z.prettifyError(error) };
}

function validatorOf(document: OpenApi, reference: string): z.ZodType {
  const schemas = Object.entries(document.components.schemas).filter(
    ([name]) => !name.startsWith('Definition'),
  );
  const local = (value: object) =>
    JSON.parse(JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/')) as object;
  return z.fromJSONSchema({
    $ref: reference.replace('#/components/schemas/', '#/$defs/'),
    $defs: local(Object.fromEntries(schemas)),
  } as never);
}
