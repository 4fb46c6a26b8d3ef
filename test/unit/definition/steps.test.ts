import { describe, expect, it } from 'vitest';
import { problems, step, warnings } from './support.ts';

const of = (type: string, fields: object) => problems([{ id: 'a', type, ...fields }]);
const notification = { channel: 'email', to: 'a@b.io', subject: 'Hi', body: 'x' };
const approval = { approvers: ['role:admin'], title: 'Ok?' };

describe('right', () => {
  it.each([
    ['delay', { for: '15m' }],
    ['delay', { for: '1h30m' }],
    ['delay', { for: { $: 'variables.x' } }],
    ['delay', { for: '{{ input.period }}' }],
    ['delay', { until: '2026-12-24T09:00:00Z' }],
    ['delay', { until: { $: 'now + days(3)' } }],
    ['http', { url: 'https://example.com/{{ input.id }}', method: 'POST', expect: [200, '3xx'] }],
    ['http', { url: { $: 'input.url' }, retry: { attempts: 5, delay: '1s' } }],
    ['notification', notification],
    ['notification', { channel: 'sms', to: ['+491'], template: 'lead-hot', data: { a: 1 } }],
    ['notification', { channel: 'log', body: 'x' }],
    ['parallel', { branches: { a: [step('x')], b: [] }, wait: { count: 2 } }],
    [
      'approval',
      {
        ...approval,
        approvers: [
          'ada@example.com',
          '0190b4f6-4a8e-7c3e-9f7d-3f1f0a2b4c5d',
          { $: 'input.who' },
          '{{ input.mail }}',
        ],
      },
    ],
    ['approval', { ...approval, quorum: 3, onTimeout: 'approve', timeout: '2d' }],
    ['loop', { items: 'input.rows', steps: [step('x')], concurrency: 5 }],
    ['condition', { if: 'true', then: [step('x')] }],
  ])('%s %j', (type, fields) => {
    expect(problems([{ id: 'a', type, ...fields }], { variables: { x: '1h' } })).toEqual([]);
  });
});

describe('wrong', () => {
  it.each([
    ['delay', {}, 'steps[0] invalid_delay'],
    ['delay', { for: '1m', until: '2026-01-01' }, 'steps[0] invalid_delay'],
    ['delay', { for: 'soon' }, 'steps[0].for invalid_duration'],
    ['delay', { for: '-3d' }, 'steps[0].for invalid_duration'],
    ['delay', { until: 'tomorrow' }, 'steps[0].until invalid_timestamp'],
    ['http', { url: 'example.com' }, 'steps[0].url invalid_url'],
    ['http', { url: 'file:///etc/passwd' }, 'steps[0].url invalid_url'],
    ['http', { url: 'https://x.io', method: 'FETCH' }, 'steps[0].method invalid_value'],
    ['http', { url: 'https://x.io', expect: ['9xx'] }, 'steps[0].expect[0] invalid_value'],
    ['http', { url: 'https://x.io', retry: { attempts: 0 } }, 'steps[0].retry.attempts invalid_value'],
    ['http', { url: 'https://x.io', retry: { delay: 'soon' } }, 'steps[0].retry.delay invalid_duration'],
    ['http', {}, 'steps[0].url missing_field'],
    ['notification', { ...notification, template: 'x' }, 'steps[0] invalid_notification'],
    ['notification', { channel: 'sms', to: 'x' }, 'steps[0] invalid_notification'],
    ['notification', { channel: 'email', to: 'x', body: 'y' }, 'steps[0].subject missing_field'],
    ['notification', { channel: 'sms', body: 'y' }, 'steps[0].to missing_field'],
    ['notification', { ...notification, channel: 'fax' }, 'steps[0].channel invalid_value'],
    ['parallel', { branches: {} }, 'steps[0].branches no_branches'],
    ['parallel', { branches: { a: [] }, wait: { count: 2 } }, 'steps[0].wait.count invalid_wait'],
    ['parallel', { branches: { item: [] } }, 'steps[0].branches.item reserved_id'],
    ['parallel', { branches: { a: [] }, wait: 'most' }, 'steps[0].wait invalid_value'],
    [
      'parallel',
      { branches: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`b${i}`, []])) },
      'steps[0].branches too_many_branches',
    ],
    ['approval', { ...approval, approvers: ['ada'] }, 'steps[0].approvers[0] invalid_approver'],
    ['approval', { ...approval, approvers: ['role:chief'] }, 'steps[0].approvers[0] invalid_approver'],
    ['approval', { ...approval, approvers: ['a@b.io'], quorum: 2 }, 'steps[0].quorum invalid_quorum'],
    ['approval', { ...approval, reminders: ['1d'] }, 'steps[0].channel missing_field'],
    [
      'approval',
      { ...approval, channel: 'log', reminders: ['soon'] },
      'steps[0].reminders[0] invalid_duration',
    ],
    ['approval', { ...approval, approvers: [] }, 'steps[0].approvers invalid_value'],
    ['approval', { approvers: ['role:admin'] }, 'steps[0].title missing_field'],
    ['loop', { items: 'input.rows', steps: [] }, 'steps[0].steps empty_loop'],
    ['loop', { items: [1, 2, 3], maxItems: 2, steps: [step('x')] }, 'steps[0].items too_many_items'],
    ['loop', { items: 'input.rows' }, 'steps[0].steps missing_field'],
    [
      'loop',
      { items: 'input.rows', steps: [step('x')], concurrency: 0 },
      'steps[0].concurrency invalid_value',
    ],
    ['loop', { items: 'input.rows', steps: [step('x')], as: 'input' }, 'steps[0].as reserved_name'],
    ['loop', { items: 'input.rows', steps: [step('x')], as: 'package' }, 'steps[0].as reserved_name'],
    ['condition', { then: [step('x')] }, 'steps[0].if missing_field'],
    ['transform', {}, 'steps[0].output missing_field'],
    ['transform', { output: 1, retry: {} }, 'steps[0].retry unknown_field'],
    ['transform', { output: 1, timeout: '5 minutes' }, 'steps[0].timeout invalid_duration'],
    ['transform', { output: 1, onError: 'ignore' }, 'steps[0].onError invalid_value'],
    ['frobnicate', {}, 'steps[0].type unknown_type'],
  ])('%s %j', (type, fields, error) => {
    expect(of(type, fields)).toEqual([error]);
  });

  it('the item of a loop named like that of a loop around it', () => {
    const inner = { id: 'm', type: 'loop', items: '[1]', steps: [step('x')] };
    expect(of('loop', { items: '[1]', steps: [inner] })).toEqual(['steps[0].steps[0].as duplicate_name']);
  });

  it('a condition without steps is warned of', () => {
    expect(warnings([{ id: 'c', type: 'condition', if: 'true' }])).toEqual(['steps[0] empty_condition']);
  });
});

describe('ids', () => {
  it('are unique in the whole workflow', () => {
    const steps = [step('a'), { id: 'c', type: 'condition', if: 'true', then: [step('a')] }];
    expect(problems(steps, { onFailure: [step('c')] })).toEqual([
      'steps[1].then[0].id duplicate_id',
      'onFailure[0].id duplicate_id',
    ]);
  });

  it.each([
    'item',
    'loop',
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'in',
    'true',
    'null',
    'size',
    'first',
    'last',
  ])('%s is reserved', (id) => {
    expect(problems([step(id)])).toEqual(['steps[0].id reserved_id']);
  });

  it.each(['A', '1a', 'a-b', 'a.b', '', '_a', '__proto__', `a${'x'.repeat(63)}`])('%j is none', (id) => {
    expect(problems([step(id)])).toEqual(['steps[0].id invalid_id']);
  });
});
