import type { ActionContext } from '../actions/types.ts';
import type { Json } from '../errors.ts';
import { evaluate } from '../expression/index.ts';
import { type Channel, channelNamed, compose, deliver, type Message, muted } from '../notifications/index.ts';
import type { StepType } from './types.ts';

/** Tells people something over a channel. */
export const notificationStep: StepType = {
  type: 'notification',
  prepare({ step }, roots) {
    const channel = channelNamed(String(step.channel));
    const evaluated = (name: string): Json | undefined => {
      const written = step[name];
      return written === undefined ? undefined : evaluate(written, roots, { path: name });
    };
    const message: Message = {
      to: evaluated('to') ?? null,
      data: (evaluated('data') ?? {}) as Message['data'],
    };
    for (const name of ['template', 'locale', 'subject', 'body'] as const) {
      const value = evaluated(name);
      if (value !== undefined) message[name] = value;
    }
    const tell = async (by: Channel, context: ActionContext) =>
      deliver(by, message.to, await compose(by, message, context), context);
    return {
      kind: 'external',
      input: { channel: channel.name, ...message },
      execute: async (context) => ({ status: 'succeeded', output: await tell(channel, context) }),
      rehearse: async (context, mock) => mock ?? tell(muted(channel), context),
    };
  },
};
