import { withRetries } from './retry.js';
import { SETTINGS } from './settings.js';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function sendOnce(url, timeout) {
  try {
    const headers = { 'User-Agent': SETTINGS.userAgent };
    return { response: await fetch(url, { headers, signal: AbortSignal.timeout(timeout) }) };
  } catch (error) {
    return { error };
  }
}

/** Today's tariffs of a country, or those of `yesterday` where the service does not answer. */
export async function tariffs(country, yesterday, settings = SETTINGS) {
  const url = `https://tariffs.example/v2/${country}`;
  const { response, error } = await withRetries((timeout) => sendOnce(url, timeout), settings, sleep);
  if (response?.ok) return { table: await response.json(), stale: false };
  if (error || response.status >= 500) return { table: yesterday, stale: true };
  throw new Error(`${url} answered ${response.status}`);
}
