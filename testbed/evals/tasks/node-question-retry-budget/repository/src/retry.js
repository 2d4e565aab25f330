const AGAIN = new Set([408, 425, 429, 503]);

/** How long to wait after the attempt of this number, from 1, has failed. */
export function waitAfter(attempt, { firstWait, longestWait }) {
  return Math.min(longestWait, firstWait * 3 ** (attempt - 1));
}

/** Whether another attempt may help. Bad gateways are answered from yesterday's table instead. */
export function isWorthAnother(outcome) {
  if (outcome.error) return outcome.error.name === 'TimeoutError' || outcome.error.code === 'ECONNRESET';
  return AGAIN.has(outcome.response.status);
}

/**
 * Calls `send` until its outcome is final or the attempts are used up; waits in between, and not after the last.
 *
 * @param {(timeout: number) => Promise<{ response?: Response, error?: Error }>} send
 */
export async function withRetries(send, settings, sleep) {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await send(settings.timeout);
    if (attempt >= settings.attempts || !isWorthAnother(outcome)) return { ...outcome, attempt };
    await sleep(waitAfter(attempt, settings));
  }
}
