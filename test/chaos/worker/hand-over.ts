/** How a step run whose hand-over failed is announced on standard error. */
export const unanswered = (stepRunId: string) => `@@unanswered ${stepRunId}`;

/**
 * Announces hand-overs that this worker believes to have failed. It then runs the steps itself, and so may the
 * worker that was called: whether the call or only its answer was lost, nobody knows.
 *
 * @param url where workers are called
 */
export function announceFailedHandOvers(url: string): void {
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (!String(input).startsWith(url)) return send(input, init);
    const announce = () => {
      for (const id of stepRuns(String(init?.body ?? ''))) console.error(unanswered(id));
    };
    try {
      const response = await send(input, init);
      if (response.status !== 202) announce();
      return response;
    } catch (error) {
      announce();
      throw error;
    }
  };
}

/** The step runs that a hand-over carries. */
function stepRuns(body: string): string[] {
  const { claims = [] } = JSON.parse(body || '{}') as { claims?: { step_run_id: string }[] };
  return claims.map(({ step_run_id }) => step_run_id);
}
