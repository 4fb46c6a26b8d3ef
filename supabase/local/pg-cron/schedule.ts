import { Cron } from 'croner';

/** When a job is due next: `after` is the moment it was last due or started (ms since 1970); never for `@reboot`. */
export type Schedule = (after: number) => number;

const shorthands: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Whether jobs with this schedule run once when Postgres has started. */
export function isReboot(schedule: string): boolean {
  return schedule.trim().toLowerCase() === '@reboot';
}

/**
 * Reads a pg_cron schedule: five fields in GMT (`$` is the month's last day), a shorthand, or `<1-59> seconds`.
 * @throws when it cannot be read
 */
export function parseSchedule(text: string): Schedule {
  const schedule = text.trim().toLowerCase();
  if (isReboot(schedule)) return () => Number.POSITIVE_INFINITY;
  const seconds = /^(\d+)\s+seconds?$/.exec(schedule);
  if (seconds) return (after) => after + Number(seconds[1]) * 1000;
  const fields = (shorthands[schedule] ?? schedule).split(/\s+/);
  if (fields[2] === '$') fields[2] = 'L';
  const cron = new Cron(fields.join(' '), { timezone: 'Etc/UTC', mode: '5-part' });
  return (after) => cron.nextRun(new Date(after))?.getTime() ?? Number.POSITIVE_INFINITY;
}
