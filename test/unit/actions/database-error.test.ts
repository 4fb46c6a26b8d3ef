import { describe, expect, it } from 'vitest';
import { databaseError } from '../../../shared/actions/database/errors.ts';
import { StepError } from '../../../shared/errors.ts';

const postgres = (code: string, more: object = {}) => Object.assign(new Error('refused'), { code, ...more });

describe('an error of the database', () => {
  it.each([
    ['23505', 'unique_violation', false],
    ['23503', 'foreign_key_violation', false],
    ['23514', 'check_violation', false],
    ['23502', 'not_null_violation', false],
    ['42501', 'not_allowed', false],
    ['22P02', 'invalid_value', false],
    ['40001', 'serialization_failure', true],
    ['40P01', 'deadlock', true],
    ['55P03', 'lock_timeout', true],
    ['57014', 'statement_timeout', true],
    ['57P01', 'database_unavailable', true],
    ['08006', 'database_unavailable', true],
    ['42804', 'database_error', false],
    ['CONNECTION_CLOSED', 'database_unavailable', true],
    ['UNDEFINED_VALUE', 'database_error', false],
  ])('%s becomes %s', (state, code, retryable) => {
    expect(databaseError(postgres(state))).toMatchObject({ code, retryable });
  });

  it('keeps the code and hint that a database function gives', () => {
    const raised = postgres('P0001', { detail: 'workflow_not_found', hint: 'Check the id.' });
    expect(databaseError(raised)).toMatchObject({ code: 'workflow_not_found', hint: 'Check the id.' });
  });

  it('names the key that exists, and never a whole row', () => {
    expect(
      databaseError(postgres('23505', { detail: 'Key (email)=(a@b) already exists.' })).message,
    ).toContain('(a@b)');
    expect(databaseError(postgres('23514', { detail: 'Failing row contains (1, secret).' })).message).toBe(
      'refused',
    );
  });

  it('leaves a step error as it is', () => {
    const error = new StepError({ code: 'mine', message: 'm' });
    expect(databaseError(error)).toBe(error);
  });
});
