import { parseDuration, parseTimestamp } from '../../expression/index.ts';
import { isObject } from '../../expression/json.ts';
import { joinPath } from '../../expression/paths.ts';
import { cronProblem } from '../cron.ts';
import type { Problems } from '../errors.ts';
import { suggest } from '../nearest.ts';
import { isTimeZone } from '../time-zone.ts';
import { checkRuleField } from './expressions.ts';

/** The shortest time between two starts of `every`. */
const SHORTEST_MS = 10_000;

/** Checks what a trigger demands beyond its schema. */
export function checkTrigger(trigger: unknown, variables: string[], problems: Problems): void {
  if (!isObject(trigger)) return;
  if (trigger.type === 'event') checkEvent(trigger, variables, problems);
  if (trigger.type === 'schedule') checkSchedule(trigger, problems);
}

function checkEvent(trigger: Record<string, unknown>, variables: string[], problems: Problems): void {
  const { columns, events, filter } = trigger;
  if (columns !== undefined && Array.isArray(events) && !events.includes('update')) {
    const hint = 'Add "update" to events, or leave columns out.';
    problems.error('invalid_columns', 'trigger.columns', 'Columns matter to updates only', hint);
  }
  for (const { root, path, at } of checkRuleField(filter, 'trigger.filter', problems)) {
    const [first = ''] = path;
    if (root === 'trigger' && (first === 'record' || first === 'old_record')) continue;
    if (root !== 'variables') {
      const hint = 'A filter sees record, old_record and variables.';
      problems.error('unknown_root', at, `There is no \`${root}\` in a filter`, hint);
    } else if (!variables.includes(first)) {
      problems.error(
        'unknown_variable',
        at,
        `There is no variable "${first}"`,
        suggest(first, variables, 'variable'),
      );
    }
  }
}

function checkSchedule(trigger: Record<string, unknown>, problems: Problems): void {
  const given = ['cron', 'at', 'every'].filter((key) => trigger[key] !== undefined);
  if (given.length !== 1) {
    const message = given.length === 0 ? 'Nothing says when' : `${given.join(' and ')} cannot go together`;
    problems.error('invalid_schedule', 'trigger', message, 'Give one of cron, at, every.');
  }
  const { cron, timezone, at, every } = trigger;
  const wrong = typeof cron === 'string' ? cronProblem(cron) : undefined;
  if (wrong)
    problems.error('invalid_cron', place('cron'), wrong, 'Write five fields, such as "0 9 * * 1-5".');
  if (typeof timezone === 'string' && !isTimeZone(timezone)) {
    problems.error(
      'invalid_timezone',
      place('timezone'),
      `There is no time zone "${timezone}"`,
      'Write an IANA name, such as Europe/Berlin.',
    );
  }
  if (typeof at === 'string' && parseTimestamp(at) === undefined) {
    problems.error(
      'invalid_timestamp',
      place('at'),
      `"${at}" is no timestamp`,
      'Write 2026-01-31T09:00:00Z.',
    );
  }
  const period = typeof every === 'string' ? parseDuration(every) : undefined;
  if (period !== undefined && period < SHORTEST_MS) {
    problems.error('invalid_duration', place('every'), `"${every}" is too short`, 'Write 10s or more.');
  }
}

function place(key: string): string {
  return joinPath('trigger', key);
}
