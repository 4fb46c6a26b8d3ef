import type { Json } from '../../../shared/errors.ts';
import type { Draft } from './draft.ts';
import type { View } from './view.ts';

/** CEL that gives true or false; now and then it fails, or gives neither. */
export function condition(draft: Draft, view: View): string {
  const step = draft.one(...view.steps);
  const usual: (() => string)[] = [
    () => draft.one('true', 'false', 'input.flag', '!input.flag'),
    () => `input.n ${draft.one('>', '<', '==')} ${draft.below(10)}`,
    () => `input.n + ${draft.below(4)} >= variables.limit`,
    () => `size(input.list) > ${draft.below(3)}`,
  ];
  if (step) {
    usual.push(
      () => `steps.?${step.id}.?status.orValue('none') == '${draft.one('succeeded', 'failed', 'skipped')}'`,
      () => `steps.?${step.id}.?output.?${member(draft, step.type)}.hasValue()`,
      () => `steps.?${step.id}.?error.?code.orValue('') != ''`,
    );
  }
  const alias = draft.one(...view.aliases);
  if (alias)
    usual.push(
      () => `string(${alias}).size() > ${draft.below(3)}`,
      () => `loop.index ${draft.one('==', '>')} 1`,
    );
  if (view.hasError) usual.push(() => `error.code == 'fuzz_${draft.below(3)}'`);
  if (draft.chance(0.04)) return draft.one('input.missing > 1', 'input.n');
  return draft.one(...usual)();
}

/** JSON with expressions in it. */
export function value(draft: Draft, view: View): Json {
  const step = draft.one(...view.steps);
  const alias = draft.one(...view.aliases);
  const usual: (() => Json)[] = [
    () => draft.one<Json>(null, true, 7, 'text', ['a', 1], { nested: { deep: true } }),
    () => ({ $: `input.n * ${1 + draft.below(5)}` }),
    () => ({ n: { $: 'variables.limit' }, text: '{{ input.text }} of {{ variables.limit }}' }),
  ];
  if (step) {
    const { id, type } = step;
    usual.push(
      () => ({ $: `steps.?${id}.?output.orValue(null)` }),
      () => ({ $: `steps.?${id}.?output.?${member(draft, type)}.orValue('none')` }),
      () => ({ status: { $: `steps.?${id}.?status.orValue('none')` } }),
      () => ({ failed: { $: `steps.?${id}.?error.orValue(null) != null` } }),
      () => `{{ steps.${id}.status | default: 'none' }}`,
    );
    if (draft.chance(0.15)) return { $: `steps.${id}.output.${member(draft, type)}` };
  }
  if (alias)
    usual.push(
      () => ({ $: alias }),
      () => `{{ loop.index }}: {{ ${alias} }}`,
    );
  if (view.hasError)
    usual.push(
      () => ({ $: 'error.code' }),
      () => 'Failed with {{ error.code }}',
    );
  return draft.one(...usual)();
}

/** A loop's items; now and then they are no list. */
export function items(draft: Draft, view: View): string | Json[] {
  const usual: (() => string | Json[])[] = [
    () => 'input.list',
    () => Array.from({ length: draft.below(4) }, (_, i) => i * 2),
    () => ['x', { $: 'input.text' }, 3],
  ];
  const action = draft.one(...view.steps.filter(({ type }) => type === 'action'));
  if (action) usual.push(() => `steps.?${action.id}.?output.?list.orValue([1])`);
  return draft.chance(0.04) ? 'input.n' : draft.one(...usual)();
}

/** A field of the output of a step of this type. */
function member(draft: Draft, type: string): string {
  const members: Record<string, string[]> = {
    action: ['n', 'flag', 'text', 'list', 'echo'],
    condition: ['result', 'branch'],
    delay: ['until'],
    loop: ['count', 'succeeded', 'failed', 'items'],
    parallel: ['one', 'two', 'three'],
    approval: ['decision'],
  };
  return draft.one(...(members[type] ?? ['status', 'n']));
}
