import { parseDuration, parseTimestamp } from '../../expression/index.ts';
import { isObject } from '../../expression/json.ts';
import { isLiquid } from '../../expression/liquid.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { LIMITS } from '../schema/fields.ts';
import type { RawStep } from './scope.ts';

type Check = (step: RawStep, at: string, problems: Problems) => void;

const ROLES = /^role:(viewer|editor|admin|owner)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,255}$/;

const CHECKS: Record<string, Check> = {
  condition(step, at, problems) {
    if (isEmpty(step.then) && isEmpty(step.else)) {
      problems.warn('empty_condition', at, 'Both branches are empty', 'Put steps into `then` or `else`.');
    }
  },

  notification(step, at, problems) {
    const { channel, template, body, subject, to } = step;
    if ((template === undefined) === (body === undefined)) {
      const message =
        template === undefined ? 'Nothing says what to send' : 'Both template and body are given';
      problems.error(
        'invalid_notification',
        at,
        message,
        'Give `template`, or `body` (e-mail also `subject`).',
      );
    } else if (channel === 'email' && body !== undefined && subject === undefined) {
      problems.error('missing_field', joinPath(at, 'subject'), 'An e-mail has a subject', 'Add `subject`.');
    }
    if (to === undefined && channel !== 'log' && channel !== undefined) {
      problems.error('missing_field', joinPath(at, 'to'), 'Nothing says to whom', 'Add `to`.');
    }
  },

  delay(step, at, problems) {
    if ((step.for === undefined) === (step.until === undefined)) {
      problems.error('invalid_delay', at, 'A delay has one of `for` and `until`', 'Write "for": "15m".');
    }
    if (isLiteral(step.for) && (parseDuration(step.for) ?? -1) < 0) {
      problems.error(
        'invalid_duration',
        joinPath(at, 'for'),
        `"${step.for}" is no duration`,
        'Write 30s, 15m, 3d or 1h30m.',
      );
    }
    if (isLiteral(step.until) && parseTimestamp(step.until) === undefined) {
      const hint = 'Write 2026-01-31T09:00:00Z.';
      problems.error('invalid_timestamp', joinPath(at, 'until'), `"${step.until}" is no timestamp`, hint);
    }
  },

  loop(step, at, problems) {
    if (isEmpty(step.steps) && step.steps !== undefined) {
      problems.error('empty_loop', joinPath(at, 'steps'), 'A loop has at least one step', 'Add a step.');
    }
    const most = typeof step.maxItems === 'number' ? step.maxItems : 1000;
    if (Array.isArray(step.items) && step.items.length > most) {
      const message = `${step.items.length} items are more than maxItems (${most})`;
      problems.error('too_many_items', joinPath(at, 'items'), message, 'Raise maxItems.');
    }
  },

  parallel(step, at, problems) {
    if (!isObject(step.branches)) return;
    const count = Object.keys(step.branches).length;
    const place = joinPath(at, 'branches');
    if (count === 0) problems.error('no_branches', place, 'There is no branch', 'Add at least two.');
    if (count > LIMITS.branches) {
      problems.error(
        'too_many_branches',
        place,
        `At most ${LIMITS.branches} branches`,
        'Use a loop with concurrency.',
      );
    }
    if (isObject(step.wait) && typeof step.wait.count === 'number' && step.wait.count > count) {
      const message = `There are ${count} branches to wait for, not ${step.wait.count}`;
      problems.error(
        'invalid_wait',
        joinPath(joinPath(at, 'wait'), 'count'),
        message,
        `Write a number up to ${count}.`,
      );
    }
    if ('item' in step.branches) {
      problems.error(
        'reserved_id',
        joinPath(place, 'item'),
        '"item" is reserved',
        'Choose another name for the branch.',
      );
    }
  },

  http(step, at, problems) {
    if (!isLiteral(step.url)) return;
    const url = URL.canParse(step.url) ? new URL(step.url) : undefined;
    if (url?.protocol === 'https:' || url?.protocol === 'http:') return;
    problems.error(
      'invalid_url',
      joinPath(at, 'url'),
      `"${step.url}" is no http address`,
      'Begin with https://.',
    );
  },

  approval(step, at, problems) {
    if (!isEmpty(step.reminders) && step.channel === undefined) {
      const message = 'Nothing says over what to remind';
      problems.error(
        'missing_field',
        joinPath(at, 'channel'),
        message,
        'Add "channel", for example "email".',
      );
    }
    if (!Array.isArray(step.approvers)) return;
    const place = joinPath(at, 'approvers');
    for (const [i, approver] of step.approvers.entries()) {
      if (!isLiteral(approver) || ROLES.test(approver) || UUID.test(approver) || EMAIL.test(approver))
        continue;
      const hint = 'Write a user id, an e-mail address, or role:viewer, role:editor, role:admin, role:owner.';
      problems.error('invalid_approver', joinPath(place, i), `"${approver}" is no approver`, hint);
    }
    const people = step.approvers.every((approver) => isLiteral(approver) && !approver.startsWith('role:'));
    if (people && typeof step.quorum === 'number' && step.quorum > new Set(step.approvers).size) {
      const message = `${step.quorum} approvals of ${step.approvers.length} people cannot be`;
      problems.error('invalid_quorum', joinPath(at, 'quorum'), message, 'Lower the quorum or add approvers.');
    }
  },
};

/** Checks what a step's type demands beyond its schema. */
export function checkType(step: RawStep, at: string, problems: Problems): void {
  if (typeof step.type === 'string' && Object.hasOwn(CHECKS, step.type))
    CHECKS[step.type]?.(step, at, problems);
}

function isLiteral(value: unknown): value is string {
  return typeof value === 'string' && !isLiquid(value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
