import { type Json, StepError } from '../errors.ts';
import { parseUrl } from './target.ts';

/** A request that is ready to be sent. */
export interface HttpRequest {
  method: string;
  url: URL;
  headers: Headers;
  body: string | undefined;
}

/** What an author wrote, its expressions evaluated. */
export interface RequestFields {
  method: string;
  url: Json;
  query?: Json | undefined;
  headers?: Json | undefined;
  body?: Json | undefined;
}

/** Headers that say how a message travels, or to whom: `fetch` writes them. */
const WRITTEN_BY_FETCH =
  /^(host|connection|content-length|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/**
 * Builds a request. Null leaves a header or a query parameter out; a list gives several parameters of a name.
 *
 * @throws StepError `invalid_url` or `invalid_request`
 */
export function buildRequest({ method, url: address, query, headers, body }: RequestFields): HttpRequest {
  const url = parseUrl(address);
  for (const [name, value] of entriesOf(query, 'query')) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(name, textOf(item, `query.${name}`));
    }
  }
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw invalid('body', `A ${method} request has no body.`, 'Use `query`, or another method.');
  }
  const request = { method, url, headers: headersOf(headers), body: encode(body) };
  if (body !== undefined && typeof body !== 'string' && !request.headers.has('content-type')) {
    request.headers.set('content-type', 'application/json');
  }
  return request;
}

/** Whether the author wrote a header, also one that null leaves out. */
export function hasHeader(headers: Json | undefined, name: string): boolean {
  return entriesOf(headers, 'headers').some(([key]) => key.toLowerCase() === name);
}

function headersOf(written: Json | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of entriesOf(written, 'headers')) {
    const path = `headers.${name}`;
    if (WRITTEN_BY_FETCH.test(name)) {
      throw invalid(path, `The header ${name} cannot be set.`, 'Leave it out; it follows from url and body.');
    }
    if (value === null) continue;
    const text = textOf(value, path);
    try {
      headers.append(name, text);
    } catch {
      // The platform's message would repeat the value, which may be a credential.
      throw invalid(path, 'This is no HTTP header.', 'Use ASCII without line breaks.');
    }
  }
  return headers;
}

function encode(body: Json | undefined): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

function entriesOf(value: Json | undefined, path: string): [string, Json][] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  throw invalid(path, `\`${path}\` is no object.`, 'Write { "name": "value" }.');
}

function textOf(value: Json, path: string): string {
  if (typeof value === 'object') {
    throw invalid(path, 'This is neither text nor number, true or false.', 'Choose one field of it.');
  }
  return String(value);
}

function invalid(path: string, message: string, hint: string): StepError {
  return new StepError({ code: 'invalid_request', message, hint, path });
}
