import type { Json } from '../errors.ts';
import { evaluate } from '../expression/index.ts';
import { channelNamed, compose, deliver, type Message } from '../notifications/index.ts';
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
    return {
      kind: 'external',
      input: { channel: channel.name, ...message },
      async execute(context) {
        const content = await compose(channel, message, context);
        const output = await deliver(channel, message.to, content, context);
        return { status: 'succeeded', output };
      },
    };
  },
};
