/** A row of `net.http_request_queue`. */
export interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: string | null;
  timeoutMilliseconds: number;
}

/** A row of `net._http_response`. */
export interface StoredResponse {
  id: string;
  status_code?: number;
  content_type?: string | null;
  headers?: Record<string, string>;
  content?: string;
  timed_out: boolean | null;
  error_msg?: string;
}

/** Makes one request. Never throws: what went wrong is part of the answer. */
export async function perform(request: QueuedRequest): Promise<StoredResponse> {
  const startedAt = performance.now();
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { 'user-agent': 'pg_net/0.20.4', ...request.headers },
      body: request.body,
      signal: AbortSignal.timeout(request.timeoutMilliseconds),
    });
    const content = await response.text();
    return {
      id: request.id,
      status_code: response.status,
      content_type: response.headers.get('content-type'),
      headers: Object.fromEntries(response.headers),
      // Postgres text holds no zero bytes.
      content: content.replaceAll('\0', ''),
      timed_out: false,
    };
  } catch (error) {
    const elapsed = (performance.now() - startedAt).toFixed(0);
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    return {
      id: request.id,
      timed_out: timedOut ? true : null,
      error_msg: timedOut
        ? `Timeout of ${request.timeoutMilliseconds} ms reached. Total time: ${elapsed} ms`
        : reasonOf(error),
    };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as (Error & { code?: string }) | undefined;
  return cause
    ? `${cause.code ?? error.message}: ${cause.message || "Couldn't connect to server"}`
    : error.message;
}
