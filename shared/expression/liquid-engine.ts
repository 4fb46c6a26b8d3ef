import { Liquid } from 'liquidjs';

/** What a template may cost. */
export const LIQUID_LIMITS = {
  /** Characters of one template. */
  length: 200_000,
  /** Milliseconds of one rendering. */
  render: 500,
  /** Objects and characters created in one rendering. */
  memory: 5_000_000,
  /** Characters of the result. */
  output: 2_000_000,
};

// Tags that load other templates, or whose output is not escaped.
const REFUSED_TAGS = ['include', 'render', 'layout', 'block', 'tablerow'];

/** How values are written: as they are, or with the special characters of HTML or of Slack's markup escaped. */
export type OutputMode = 'text' | 'html' | 'slack';

const WRITERS: Record<OutputMode, (value: unknown) => string> = {
  text: toText,
  html: (value) => escapeWith(/[&<>"']/g, toText(value)),
  // Slack undoes these three and no others.
  slack: (value) => escapeWith(/[&<>]/g, toText(value)),
};

/** Creates an engine without access to files, prototypes, other templates or evaluation of data. */
export function createLiquid(mode: OutputMode): Liquid {
  const engine = new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    // Without it `| default:` would not accept a missing variable.
    lenientIf: true,
    timezoneOffset: 0,
    locale: 'en-US',
    templates: {},
    parseLimit: LIQUID_LIMITS.length,
    outputEscape: WRITERS[mode],
  });
  for (const tag of REFUSED_TAGS) delete engine.tags[tag];
  // where_exp and its kin evaluate a string, which could be data.
  for (const name of Object.keys(engine.filters)) if (name.endsWith('_exp')) delete engine.filters[name];
  useEngineClock(engine);
  return engine;
}

// `"now" | date` would read the machine's clock, which test mode does not move.
function useEngineClock(engine: Liquid): void {
  const date = engine.filters.date;
  if (typeof date !== 'function') return;
  engine.registerFilter('date', function (value, ...args) {
    const now = value === 'now' || value === 'today';
    return date.call(this, now ? this.context.getSync(['now']) : value, ...args);
  });
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escapeWith(special: RegExp, text: string): string {
  return text.replace(special, (character) => ENTITIES[character] ?? character);
}
