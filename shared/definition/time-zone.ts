/** UTC, GMT, or an IANA name with its area. Short ones (`EST`, `CET`) are zones to some engines, offsets to others. */
const NAME =
  /^(UTC|GMT|Etc\/GMT(\+([0-9]|1[0-2])|-([0-9]|1[0-4]))|[a-z]+([_/-][a-z]+)*\/[a-z]+([_/-][a-z]+)*)$/i;

/** Whether this is the name of a time zone, as `workflow.is_timezone` in the database judges it. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
