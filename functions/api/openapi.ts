import { z } from 'zod';
import { workflowJsonSchema } from '../../shared/definition/index.ts';
import type { Route } from './route.ts';
import { components, definitionSchema, problemSchema } from './schemas.ts';

type JsonObject = Record<string, unknown>;

/** Statuses that every route may answer. */
const ALWAYS = [401, 422, 503];

const REFUSALS: Record<number, string> = {
  400: 'The request cannot be read.',
  401: 'Nobody is signed in, or no longer.',
  403: 'You may not do this.',
  404: 'There is no such thing, or you may not see it.',
  409: 'The state of things does not allow it.',
  413: 'The body is too long.',
  422: 'Understood, and not possible.',
  503: 'The database does not answer.',
};

/**
 * The OpenAPI 3.1 document, made of the routes and their schemas.
 *
 * @param url where the API is
 */
export function openApiDocument(routes: readonly Route[], url: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Workflow engine',
      version: '1',
      description: 'Calls run with the access token of the caller, under row-level security.',
    },
    servers: [{ url }],
    security: [{ accessToken: [] }],
    paths,
    components: {
      schemas: { ...namedSchemas(), ...definitionSchemas() },
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operation(route: Route): JsonObject {
  const { summary, body, responses, refusals } = route;
  const canBeUnreadable = route.params || route.query || body ? [400] : [];
  const problems = [...canBeUnreadable, ...(body ? [413] : []), ...refusals, ...ALWAYS];
  return {
    operationId: operationId(route),
    summary,
    parameters: parametersOf(route),
    ...(body ? { requestBody: { required: true, content: jsonContent(body) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, schema]) => [
          status,
          { description: components.get(schema)?.description, content: jsonContent(schema) },
        ]),
      ),
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          {
            description: REFUSALS[status],
            content: { 'application/problem+json': { schema: reference(problemSchema) } },
          },
        ]),
      ),
    },
  };
}

/** `POST /executions/{id}/cancel` is `post_executions_id_cancel`. */
function operationId({ method, path }: Route): string {
  return `${method.toLowerCase()}${path.replace(/[/{}]+/g, '_').replace(/_$/, '')}`;
}

function parametersOf({ params, query, headers }: Route): JsonObject[] {
  const inPart = (part: z.ZodObject | undefined, place: string) =>
    Object.entries(part?.shape ?? {}).map(([name, schema]) => {
      const { $schema: _, description, ...rest } = z.toJSONSchema(schema as z.ZodType);
      const required = place === 'path' || !(schema as z.ZodType).safeParse(undefined).success;
      return { name, in: place, required, ...(description ? { description } : {}), schema: rest };
    });
  const inHeaders = Object.entries(headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return [...inPart(params, 'path'), ...inPart(query, 'query'), ...inHeaders];
}

const jsonContent = (schema: z.ZodType) => ({ 'application/json': { schema: reference(schema) } });

const uriOf = (id: string) => `#/components/schemas/${id}`;

function reference(schema: z.ZodType): JsonObject {
  return { $ref: uriOf(components.get(schema)?.id ?? '') };
}

function namedSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(components, {
    uri: uriOf,
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema !== definitionSchema) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      jsonSchema.$ref = uriOf('Definition');
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  );
}

/** The published schema of a definition, whose parts become components of the document. */
function definitionSchemas(): JsonObject {
  const text = JSON.stringify(workflowJsonSchema()).replaceAll('"#/$defs/', `"${uriOf('Definition_')}`);
  const { $defs, $schema: _, ...definition } = JSON.parse(text) as JsonObject & { $defs: JsonObject };
  const parts = Object.entries($defs).map(([name, schema]) => [`Definition_${name}`, schema]);
  return { Definition: definition, ...Object.fromEntries(parts) };
}
