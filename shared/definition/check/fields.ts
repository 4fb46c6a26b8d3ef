import { joinPath } from '../../expression/paths.ts';
import type { ExpressionField, ExpressionKind } from './expressions.ts';
import type { RawStep } from './scope.ts';

type FieldList = Record<string, [ExpressionKind, ExpressionField['secrets']?]>;

/** Fields of each step type that may hold expressions. */
const FIELDS: Record<string, FieldList> = {
  condition: { if: ['condition'] },
  notification: {
    to: ['json'],
    template: ['json'],
    locale: ['json'],
    subject: ['json'],
    body: ['json'],
    data: ['json'],
  },
  delay: { for: ['json'], until: ['json'] },
  loop: { items: ['items'] },
  http: { url: ['json'], query: ['json', 'filled'], headers: ['json', 'filled'], body: ['json', 'filled'] },
  transform: { output: ['json'] },
  approval: { approvers: ['json'], title: ['json'], details: ['json'] },
};

/** The fields of a step that hold expressions, `when` first; the params of actions are checked apart. */
export function expressionFields(step: RawStep, at: string): ExpressionField[] {
  const list: FieldList = { when: ['condition'], ...FIELDS[String(step.type)] };
  return Object.entries(list).map(([name, [kind, secrets]]) => ({
    value: step[name],
    at: joinPath(at, name),
    kind,
    ...(secrets ? { secrets } : {}),
  }));
}
