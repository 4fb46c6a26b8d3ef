/**
 * The HTTP API, for those without supabase-js: publish, start, watch, cancel, retry and decide.
 *
 * It checks the shape of a request and passes it on to the Data API with the caller's own `Authorization` and
 * `apikey`; who may do what is decided there, by row-level security. It verifies no token and holds no key.
 * `GET /functions/v1/api/openapi.json` describes it.
 */
import '../actions.ts';
import { createApp } from './app.ts';
import { routes } from './routes/index.ts';

const app = createApp(routes, Deno.env);

Deno.serve((request) => app.fetch(request));
