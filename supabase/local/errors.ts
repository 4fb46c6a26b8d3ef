/** A failure the reader can act on: its message is one sentence that says what to do. */
export class PlatformError extends Error {
  override name = 'PlatformError';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
