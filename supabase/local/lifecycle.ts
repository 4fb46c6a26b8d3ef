/** Keeps what has to be stopped, in order, and the reason why the platform ended by itself. */
export interface Lifecycle {
  /** Remembers how to stop something; the last one remembered is stopped first. */
  onStop(stop: () => Promise<void>): void;
  /** Waits for a part to start and remembers how to stop it. */
  part<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T>;
  /** Stops everything, once; a part that does not stop within twenty seconds is left behind. */
  stop(): Promise<void>;
  /** Ends the platform because a part of it cannot go on. */
  fail(error: Error): void;
  throwIfFailed(): void;
  isStopping(): boolean;
}

const longestStop = 20_000;

export function createLifecycle(onFailure: (error: Error) => void = () => {}): Lifecycle {
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  let failure: Error | undefined;

  const stopAll = async () => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      let timer: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, longestStop);
      });
      await Promise.race([stop().catch(() => {}), enough]);
      clearTimeout(timer);
    }
  };
  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  return {
    stop,
    onStop(stopPart) {
      if (stopping) void stopPart();
      else stops.push(stopPart);
    },
    async part(starting) {
      const started = await starting;
      this.onStop(() => started.stop());
      return started;
    },
    fail(error) {
      if (stopping || failure) return;
      failure = error;
      void stop().then(() => onFailure(error));
    },
    throwIfFailed() {
      if (failure) throw failure;
    },
    isStopping: () => stopping !== undefined,
  };
}
