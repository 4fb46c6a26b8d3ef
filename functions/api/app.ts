import { Hono } from 'hono';
import type { z } from 'zod';
import { allowOrigins, preflight } from '../../shared/serve/cors.ts';
import { Problem, problem, problemResponse } from '../../shared/serve/problem.ts';
import { parseJsonBody, readRequestBody } from '../../shared/serve/read-body.ts';
import { callerClient } from './data-api.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';

/** Bytes of a body; a definition has at most 512,000 characters. */
const LARGEST_BODY = 2_000_000;

type Environment = { get(name: string): string | undefined };

/** The HTTP application of some routes. Functions see their own name as the first part of the path. */
export function createApp(routes: readonly Route[], env: Environment): Hono {
  const app = new Hono().basePath('/api');
  const document = openApiDocument(routes, `${env.get('SUPABASE_URL') ?? ''}/functions/v1/api`);
  app.use(async (context, next) => {
    const asked = preflight(context.req.raw);
    if (asked) return asked;
    await next();
    context.res = allowOrigins(new Response(context.res.body, context.res));
  });
  app.get('/openapi.json', () => Response.json(document));
  for (const route of routes) {
    app.on(route.method, honoPath(route), (context) =>
      answer(route, context.req.raw, context.req.param(), env),
    );
  }
  for (const path of new Set(['/openapi.json', ...routes.map(honoPath)])) {
    app.all(path, () => problemResponse(wrongMethod(routes, path)));
  }
  app.notFound(() => {
    const hint = 'GET /functions/v1/api/openapi.json lists all there is.';
    return problemResponse(problem(404, 'route_not_found', 'There is nothing under this path.', hint));
  });
  app.onError((error) => problemResponse(problemOf(error)));
  return app;
}

const honoPath = ({ path }: Route) => path.replace(/\{(\w+)\}/g, ':$1');

function wrongMethod(routes: readonly Route[], path: string): Problem {
  const methods = routes.filter((route) => honoPath(route) === path).map(({ method }) => method);
  const allow = [...(methods.length > 0 ? methods : ['GET']), 'OPTIONS'].join(', ');
  return problem(405, 'method_not_allowed', 'This path does not take the method.', `Use ${allow}.`, {
    allow,
  });
}

async function answer(route: Route, request: Request, params: object, env: Environment): Promise<Response> {
  const supabase = callerClient(request.headers, env);
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const call = {
    supabase,
    params: check(route.params, params, 'invalid_parameters'),
    query: check(route.query, query, 'invalid_parameters'),
    body: route.body && check(route.body, await bodyOf(request), 'invalid_body'),
    headers: request.headers,
  };
  const { status, body, location } = await route.handle(call as Parameters<Route['handle']>[0]);
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (location) headers.location = `${env.get('SUPABASE_URL')}/functions/v1/api${location}`;
  return Response.json(body, { status, headers });
}

async function bodyOf(request: Request): Promise<unknown> {
  const bytes = await readRequestBody(request, LARGEST_BODY);
  return bytes.length === 0 ? {} : parseJsonBody(bytes).value;
}

/** @throws Problem 400 with everything that is wrong */
function check(schema: z.ZodType | undefined, value: unknown, code: string): unknown {
  if (!schema) return {};
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const errors = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const detail = 'The request is not as the API takes it.';
  throw new Problem(400, code, detail, 'Correct what `errors` names.', {}, errors);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  console.error('workflow api:', error);
  return problem(
    500,
    'internal_error',
    'The request could not be answered.',
    "Look into the function's logs.",
  );
}
