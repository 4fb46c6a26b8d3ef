import type { ZodType } from 'zod';
import { wrapperOf } from '../../expression/evaluate.ts';
import { isObject } from '../../expression/json.ts';
import { isLiquid } from '../../expression/liquid.ts';
import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { suggest } from '../nearest.ts';
import { checkLiterals } from './params.ts';
import type { RawStep } from './scope.ts';

/** What the compiler asks of the notification templates. */
export interface TemplateCatalog {
  get(id: string): { channels: string[]; data: ZodType } | undefined;
  names(): string[];
}

/** Checks that a notification's template exists for its channel, and its data as far as they are literal. */
export function checkTemplate(
  { type, template, channel, data }: RawStep,
  at: string,
  templates: TemplateCatalog | undefined,
  problems: Problems,
): void {
  if (!templates || type !== 'notification' || typeof template !== 'string' || isLiquid(template)) return;
  const known = templates.get(template);
  const place = joinPath(at, 'template');
  if (!known) {
    const message = `There is no notification template "${template}"`;
    const hint = suggest(template, templates.names(), 'notification template');
    problems.error('unknown_notification_template', place, message, hint);
    return;
  }
  if (typeof channel === 'string' && !known.channels.includes(channel)) {
    const message = `The template "${template}" has no text for the channel ${channel}`;
    problems.error('unknown_notification_template', place, message, `It has ${known.channels.join(', ')}.`);
  }
  const literal = data ?? {};
  if (!isObject(literal) || wrapperOf(literal) === '$') return;
  const below = { at: joinPath(at, 'data'), code: 'invalid_template_data' };
  checkLiterals(literal, known.data, below, problems);
}
