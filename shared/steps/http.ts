import type { ActionContext } from '../actions/types.ts';
import type { Json } from '../errors.ts';
import { evaluate } from '../expression/index.ts';
import {
  type Answer,
  buildRequest,
  environmentPolicy,
  type HttpRequest,
  hasHeader,
  matchesStatus,
  readBody,
  send,
  unexpectedStatus,
} from '../http/index.ts';
import { redact } from '../redact.ts';
import { parseBody } from './http-body.ts';
import { checkAllowed, mockedResponse } from './http-rehearsal.ts';
import { refuseSecrets } from './secrets.ts';
import type { StepType } from './types.ts';

/** Calls an HTTP address outside. */
export const httpStep: StepType = {
  type: 'http',
  prepare({ step }, roots) {
    const method = (step.method ?? 'GET') as string;
    const expected = (step.expect ?? ['2xx']) as (number | string)[];
    const fields: Record<string, Json> = {};
    const input: Record<string, Json> = { method };
    for (const name of ['url', 'query', 'headers', 'body']) {
      const written = step[name];
      if (written === undefined) continue;
      refuseSecrets(written, name);
      const value = evaluate(written, roots, { path: name });
      fields[name] = value;
      input[name] = name === 'query' || name === 'headers' ? redact(value) : value;
    }
    const { url = null, query, headers, body } = fields;
    const hasKey = hasHeader(headers, 'idempotency-key');
    const request = buildRequest({ method, url, query, headers, body });
    return {
      kind: 'external',
      input,
      async execute(context) {
        if (!hasKey) request.headers.set('idempotency-key', context.stepRunId);
        return { status: 'succeeded', output: await call(request, expected, context) };
      },
      async rehearse(context, mock = {}) {
        await checkAllowed(request.url);
        const response = mockedResponse(mock, expected);
        return outputOf({ response, host: request.url.host }, expected, context);
      },
    };
  },
};

async function call(
  request: HttpRequest,
  expected: (number | string)[],
  context: ActionContext,
): Promise<Json> {
  const isExpected = (status: number) => matchesStatus(status, expected);
  const answer = await send(request, { policy: environmentPolicy(), signal: context.signal, isExpected });
  return outputOf(answer, expected, context);
}

async function outputOf(
  answer: Answer,
  expected: (number | string)[],
  { signal }: ActionContext,
): Promise<Json> {
  const { status, headers } = answer.response;
  if (!matchesStatus(status, expected)) throw await unexpectedStatus(answer);
  const body = parseBody(await readBody(answer, signal), headers.get('content-type'));
  return { status, headers: visible(headers), body };
}

/** A response's headers as a row may keep them: cookies are credentials. */
function visible(headers: Headers): Json {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'set-cookie'));
}
