import { StepError } from '../errors.ts';
import { bodyKind, decodeText } from './content-type.ts';
import { readExcerpt } from './read-body.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Answer } from './send.ts';

/** Whether a status is one of some codes (`404`) and classes (`2xx`). */
export function matchesStatus(status: number, expected: readonly (number | string)[]): boolean {
  return expected.some((code) => code === status || code === `${Math.floor(status / 100)}xx`);
}

/** The error of a status that the author does not expect. */
export async function unexpectedStatus(answer: Answer): Promise<StepError> {
  const { response, host } = answer;
  const { status, headers } = response;
  const retryable = status === 408 || status === 429 || status >= 500;
  const wait = retryable ? retryAfterMs(headers.get('retry-after')) : undefined;
  const body = await excerptOf(answer);
  return new StepError({
    code: 'http_status',
    message: `${host} answered ${status}${body === '' ? '' : `: ${body}`}`,
    hint: retryable
      ? 'Give the step a `retry`, or list the status in `expect`.'
      : 'Correct the request, or list the status in `expect`.',
    retryable,
    details: { status, body },
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

/** Characters of a body that an error repeats. */
const EXCERPT_LENGTH = 300;

async function excerptOf(answer: Answer): Promise<string> {
  const type = answer.response.headers.get('content-type');
  const bytes = await readExcerpt(answer);
  if (bodyKind(type) === 'binary') return '';
  const text = (decodeText(bytes, type) ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = [...text];
  if (characters.length <= EXCERPT_LENGTH) return text;
  return `${characters.slice(0, EXCERPT_LENGTH).join('')}…`;
}
