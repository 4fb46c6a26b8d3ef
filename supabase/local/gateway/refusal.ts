import { AsyncLocalStorage } from 'node:async_hooks';

/** An error as Postgres sends it. */
interface DatabaseError extends Error {
  /** SQLSTATE */
  code: string;
  detail?: string;
  hint?: string;
}

/** What runs queries for a request. */
interface Connection {
  // biome-ignore lint/suspicious/noExplicitAny: passed on as it is
  withContext: (...args: any[]) => Promise<any>;
}

const request = new AsyncLocalStorage<{ error?: DatabaseError }>();

/** Remembers, for the request it belongs to, the error with which Postgres refuses a query of a connection. */
export function noteRefusals(connection: Connection): void {
  const withContext = connection.withContext.bind(connection);
  connection.withContext = async (...args) => {
    try {
      return await withContext(...args);
    } catch (error) {
      const note = request.getStore();
      if (note && isDatabaseError(error)) note.error = error;
      throw error;
    }
  };
}

/**
 * Answers a request with Postgres' own refusal where there was one: the library leaves out DETAIL and HINT, and answers 500
 * `SUP` to what a trigger or a CHECK refuses.
 */
export async function withRefusal(answer: () => Response | Promise<Response>): Promise<Response> {
  const note: { error?: DatabaseError } = {};
  const response = await request.run(note, async () => answer());
  const { error } = note;
  if (!error || response.status < 400) return response;
  const body = (await response.clone().json()) as { code?: string };
  if (body.code !== 'SUP' && body.code !== error.code) return response;
  const { code, message, detail = null, hint = null } = error;
  const status = body.code === 'SUP' ? statusOf(code) : response.status;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return Response.json({ code, message, details: detail, hint }, { status, headers });
}

const isDatabaseError = (error: unknown): error is DatabaseError =>
  error instanceof Error && /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));

/** PostgREST's table of the SQLSTATEs that are the caller's fault. */
function statusOf(code: string): number {
  if (code === '23503' || code === '23505') return 409;
  return code === 'P0001' || /^2[23]/.test(code) ? 400 : 500;
}
