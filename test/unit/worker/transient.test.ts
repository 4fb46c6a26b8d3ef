import { expect, it } from 'vitest';
import { isTransient } from '../../../functions/worker/persist.ts';
import { StepError } from '../../../shared/errors.ts';

it.each([
  ['EPIPE', 'This socket has been ended by the other party'],
  ['ECONNRESET', 'read ECONNRESET'],
  ['ECONNREFUSED', 'connect ECONNREFUSED'],
  ['CONNECTION_CLOSED', 'write CONNECTION_CLOSED'],
  ['CONNECT_TIMEOUT', 'write CONNECT_TIMEOUT'],
])('a connection that ends with %s says nothing about the work', (code, message) => {
  expect(isTransient(Object.assign(new Error(message), { code }))).toBe(true);
});

it.each(['08006', '57P01', '40001', '40P01', '55P03'])('SQLSTATE %s is worth another try', (code) => {
  const error = Object.assign(new Error('in the way'), { name: 'PostgresError', code });
  expect(isTransient(error)).toBe(true);
});

it('what the work itself came to is no transient error', () => {
  expect(isTransient(new StepError({ code: 'broken', message: 'It broke.', retryable: true }))).toBe(false);
  expect(isTransient(Object.assign(new Error('taken'), { name: 'PostgresError', code: '23505' }))).toBe(
    false,
  );
  expect(isTransient(new Error('no code'))).toBe(false);
});
