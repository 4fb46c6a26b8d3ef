import type { Json } from '../../errors.ts';
import type { PriorityOptions } from './priority-options.ts';

const tiers = ['free', 'standard', 'premium', 'vip'] as const;

/** How urgent a ticket is, as the sum of what its customer, its impact and its words say. */
export function prioritize(ticket: Record<string, Json>, options: PriorityOptions) {
  const parts = [customerPart(ticket, options), impactPart(options), wordsPart(ticket, options)];
  const score = parts.reduce((sum, { points }) => sum + points, 0);
  const { urgent, high, normal } = options.thresholds;
  const priority =
    score >= urgent
      ? ('urgent' as const)
      : score >= high
        ? ('high' as const)
        : score >= normal
          ? ('normal' as const)
          : ('low' as const);
  return { priority, score, parts };
}

/** A ticket at hand may lack its tier: it is then one like most. */
function customerPart(ticket: Record<string, Json>, { weights }: PriorityOptions) {
  const tier = tiers.find((name) => name === ticket.customer_tier) ?? 'standard';
  return { name: 'customer' as const, points: weights[tier], reason: `The customer's tier is ${tier}.` };
}

function impactPart({ impact, weights }: PriorityOptions) {
  return { name: 'impact' as const, points: weights[impact], reason: `It affects ${impact}.` };
}

/** Each word counts once, however often it is there. */
function wordsPart(ticket: Record<string, Json>, { words }: PriorityOptions) {
  const text = spaced(`${ticket.subject ?? ''} ${ticket.body ?? ''}`);
  const found = Object.entries(words).filter(([word]) => text.includes(spaced(word)));
  const reason = found.length > 0 ? `It says ${found.map(([word]) => word).join(', ')}.` : 'None was found.';
  return { name: 'words' as const, points: found.reduce((sum, [, points]) => sum + points, 0), reason };
}

/** Lower case, a single space around each word: `down` is not in `download`. */
function spaced(text: string): string {
  return ` ${text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `;
}
