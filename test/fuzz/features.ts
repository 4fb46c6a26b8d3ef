/** What generated workflows may hold. */
export const FEATURES = [
  'action',
  'transform',
  'condition',
  'delay',
  'loop',
  'parallel',
  'approval',
  'when',
  'continue',
  'catch',
  'onFailure',
  'retry',
  /** `timeout` on loops and parallels. */
  'timeout',
  'conditionTimeout',
  /** A catch branch whose last step is a container. */
  'containerEndsCatch',
  /** A container with `onError` continue as the last step of the main line, an iteration or a branch. */
  'continueEndsLine',
] as const;

export type Feature = (typeof FEATURES)[number];

/** What the default run leaves out, because the engine does it in another way. Empty the list as it learns. */
export const NOT_YET: readonly Feature[] = [];

export const DEFAULT_FEATURES: readonly Feature[] = FEATURES.filter((feature) => !NOT_YET.includes(feature));
