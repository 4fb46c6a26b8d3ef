import { StepError } from '../errors.ts';
import { emailChannel } from './email-channel.ts';
import { logChannel } from './log-channel.ts';
import { pushChannel } from './push-channel.ts';
import { slackChannel } from './slack-channel.ts';
import { smsChannel } from './sms-channel.ts';
import type { Channel } from './types.ts';

export { type ApprovalMessage, type Approver, addressOf, approvalContent } from './approval-message.ts';
export { compose } from './compose.ts';
export { deliver, muted } from './deliver.ts';
export {
  chooseText,
  defaultSettings,
  type NotificationSettings,
  type Rendered,
  renderTemplate,
  type TemplateText,
} from './template.ts';
export type {
  Channel,
  Content,
  Deliveries,
  Delivery,
  DeliveryRow,
  Draft,
  Message,
  Settlement,
} from './types.ts';

/** Every channel of this release. Adding one takes its file and a line here. */
const channels = new Map<string, Channel>(
  [emailChannel, logChannel, pushChannel, slackChannel, smsChannel].map((channel) => [channel.name, channel]),
);

/** @throws StepError `channel_not_available` */
export function channelNamed(name: string): Channel {
  const channel = channels.get(name);
  if (channel) return channel;
  throw new StepError({
    code: 'channel_not_available',
    message: `This release cannot send over the channel "${name}".`,
    hint: `Use ${[...channels.keys()].join(', ')}, or an action of your own or an http step that calls the provider.`,
    path: 'channel',
  });
}
