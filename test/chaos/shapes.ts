/** A kind of execution in the mix: a workflow, and what an execution of it must have come to. */
export interface Shape {
  name: string;
  /** Starts with a row of `chaos_orders` instead of by hand. */
  startedByRow?: boolean;
  /** Is started by the executions of this shape, once by each, and by nobody else. */
  startedBy?: string;
  steps: unknown[];
  /** The status each step run must end in, by path, for the execution of this number. */
  statuses(number: number): Record<string, Status>;
  /** How many runs of a step there are, by path, where it is not one. */
  runs?: Record<string, number>;
}

type Status = 'succeeded' | 'failed' | 'skipped';

/** Steps that write one row into `chaos_effects`, that call the counter, that increment a counter row. */
export const writers = /^(write|even|odd|caught|flakyWrite|each\w*Write)/;
export const callers = /^(call|flakyCall|eachCall)/;
export const incrementers = /^increment/;
export const counters = 3;

// An attempt that a frozen or overloaded process kept from its end in time may be repeated.
const retry = { attempts: 20, backoff: 'fixed', delay: '200ms' };
const action = (id: string, name: string, params: object = {}, rest: object = {}) => ({
  id,
  type: 'action',
  action: name,
  params,
  retry,
  ...rest,
});

const transform = (id: string) => ({
  id,
  type: 'transform',
  output: { step: id, number: { $: 'input.number' } },
});
const write = (id: string, step = id) =>
  action(id, 'createEntity', {
    entity: 'chaos_effects',
    values: { execution_id: { $: 'execution.id' }, step },
  });
/** Inside a loop: the row says in which iteration. */
const writeEach = (id: string) => write(id, `${id}[{{ loop.index }}]`);
const increment = (id: string, counter: number) => action(id, 'chaos.increment', { counter });
const call = (id: string) => action(id, 'chaos.call');
const succeeded = (...paths: string[]) =>
  Object.fromEntries(paths.map((path) => [path, 'succeeded' as const]));
const isEven = (number: number) => number % 2 === 0;

export const shapes: Shape[] = [
  {
    name: 'chain',
    steps: ['one', 'two', 'three', 'four', 'five'].map(transform),
    statuses: () => succeeded('one', 'two', 'three', 'four', 'five'),
  },
  {
    name: 'condition',
    steps: [
      transform('before'),
      {
        id: 'check',
        type: 'condition',
        if: 'input.even',
        then: [write('even')],
        else: [transform('other'), write('odd')],
      },
      transform('after'),
    ],
    statuses: (number) =>
      succeeded('before', 'check', ...(isEven(number) ? ['even'] : ['other', 'odd']), 'after'),
  },
  {
    name: 'database',
    steps: [
      write('write'),
      increment('increment', 1),
      action('update', 'updateEntity', {
        entity: 'chaos_effects',
        id: { $: 'steps.write.output.row.id' },
        set: { note: 'updated' },
      }),
      write('write2'),
    ],
    statuses: () => succeeded('write', 'increment', 'update', 'write2'),
  },
  {
    name: 'external',
    steps: [call('call'), transform('between'), call('call2'), write('write')],
    statuses: () => succeeded('call', 'between', 'call2', 'write'),
  },
  {
    name: 'retry',
    steps: [
      action('flakyWrite', 'chaos.flakyWrite'),
      action('flakyCall', 'chaos.flakyCall'),
      increment('increment', 2),
    ],
    statuses: () => succeeded('flakyWrite', 'flakyCall', 'increment'),
  },
  {
    name: 'catch',
    steps: [action('fails', 'chaos.fail', {}, { onError: [write('caught')] }), transform('after')],
    statuses: () => ({ fails: 'failed', ...succeeded('caught', 'after') }),
  },
  {
    name: 'continue',
    steps: [
      action('fails', 'chaos.fail', {}, { onError: 'continue' }),
      call('call'),
      increment('increment', 3),
    ],
    statuses: () => ({ fails: 'failed', ...succeeded('call', 'increment') }),
  },
  {
    name: 'delay',
    steps: [
      transform('before'),
      { id: 'pause', type: 'delay', for: '1s' },
      { ...write('odd'), when: '!input.even' },
      write('write'),
    ],
    statuses: (number) => ({
      ...succeeded('before', 'pause', 'write'),
      odd: isEven(number) ? 'skipped' : 'succeeded',
    }),
  },
  {
    name: 'event',
    startedByRow: true,
    steps: [write('write'), increment('increment', 1), call('call')],
    statuses: () => succeeded('write', 'increment', 'call'),
  },
  {
    name: 'loop',
    steps: [
      {
        id: 'list',
        type: 'loop',
        items: [1, 2, 3],
        concurrency: 2,
        steps: [writeEach('eachWrite'), call('eachCall')],
      },
      write('write'),
    ],
    statuses: () => succeeded('list', 'list.item', 'eachWrite', 'eachCall', 'write'),
    runs: { 'list.item': 3, eachWrite: 3, eachCall: 3 },
  },
  {
    name: 'parallel',
    steps: [
      {
        id: 'both',
        type: 'parallel',
        branches: {
          left: [write('writeLeft'), call('callLeft')],
          right: [
            {
              id: 'list',
              type: 'loop',
              items: [1, 2],
              continueOnError: true,
              steps: [action('fails', 'chaos.fail', {}, { onError: [writeEach('eachCaughtWrite')] })],
            },
            increment('increment', 2),
          ],
        },
      },
      transform('after'),
    ],
    statuses: () => ({
      ...succeeded('both', 'both.left', 'both.right', 'writeLeft', 'callLeft', 'list', 'list.item'),
      ...succeeded('eachCaughtWrite', 'increment', 'after'),
      fails: 'failed',
    }),
    runs: { 'list.item': 2, fails: 2, eachCaughtWrite: 2 },
  },
  {
    name: 'approval',
    steps: [
      transform('before'),
      {
        id: 'ask',
        type: 'approval',
        approvers: { $: '[input.approver]' },
        title: 'Go on?',
        approved: [write('write')],
        rejected: [write('odd')],
      },
      transform('after'),
    ],
    statuses: () => succeeded('before', 'ask', 'write', 'after'),
  },
  {
    name: 'parent',
    steps: [
      action('run', 'runWorkflow', { workflow: 'child', input: { number: { $: 'input.number' } } }),
      write('write'),
    ],
    statuses: () => succeeded('run', 'write'),
  },
  {
    name: 'child',
    startedBy: 'parent',
    steps: [write('write'), increment('increment', 3)],
    statuses: () => succeeded('write', 'increment'),
  },
];
