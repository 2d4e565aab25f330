/** Times in milliseconds. */
export const SETTINGS = Object.freeze({
  attempts: 5,
  timeout: 4000,
  firstWait: 300,
  longestWait: 1500,
  userAgent: 'tariff-client/5',
});

/** The nightly import has nobody waiting for it. */
export const NIGHTLY = Object.freeze({ ...SETTINGS, attempts: 9, longestWait: 20_000 });
