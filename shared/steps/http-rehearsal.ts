import { z } from 'zod';
import { type Json, StepError } from '../errors.ts';
import { checkTarget, environmentPolicy } from '../http/index.ts';
import { parseWith } from './parse.ts';

const mockSchema = z.strictObject({
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.json().optional(),
});

/** Statuses whose responses have no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Refuses a call that a live execution would not be allowed to make. A name that has no address here may have
 * one there: nobody is called.
 *
 * @throws StepError `url_not_allowed`
 */
export async function checkAllowed(url: URL): Promise<void> {
  try {
    await checkTarget(url, environmentPolicy());
  } catch (error) {
    if (!(error instanceof StepError && error.code === 'http_failed')) throw error;
  }
}

/**
 * The response that a mock stands for: `{ status, headers, body }`, all of them optional. A body that is no
 * text travels as JSON.
 *
 * @param expected what the step waits for; the first of it is the status of a mock that names none
 * @throws StepError `invalid_result`
 */
export function mockedResponse(mock: Json, expected: readonly (number | string)[]): Response {
  const {
    status = firstOf(expected),
    headers,
    body = null,
  } = parseWith(mockSchema, mock, 'invalid_result', 'mock');
  const all = new Headers(headers);
  const isEmpty = body === null || WITHOUT_BODY.includes(status);
  if (!isEmpty && !all.has('content-type')) {
    all.set('content-type', typeof body === 'string' ? 'text/plain;charset=UTF-8' : 'application/json');
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(isEmpty ? null : text, { status, headers: all });
}

function firstOf([first = 200]: readonly (number | string)[]): number {
  return Math.max(200, typeof first === 'number' ? first : Number(first[0]) * 100);
}
