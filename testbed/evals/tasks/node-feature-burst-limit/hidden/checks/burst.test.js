import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limited } from '../src/http.js';
import { RateLimiter } from '../src/limiter.js';

const made = (options) => {
  const now = () => now.at;
  now.at = 5_000;
  return { limiter: new RateLimiter({ ...options, now }), now };
};
const taken = (limiter, times) => Array.from({ length: times }, () => limiter.take('a')).filter(Boolean).length;

test('burst is what can be saved up, and what a new client has', () => {
  const { limiter, now } = made({ perSecond: 2, burst: 10 });
  assert.equal(taken(limiter, 50), 10);
  now.at += 1000;
  assert.equal(taken(limiter, 50), 2);
  now.at += 3_600_000;
  assert.equal(taken(limiter, 50), 10);
});

test('without burst all is as it was', () => {
  const { limiter, now } = made({ perSecond: 3 });
  assert.equal(taken(limiter, 50), 3);
  now.at += 60_000;
  assert.equal(taken(limiter, 50), 3);
});

test('a burst below one token is refused', () => {
  assert.throws(() => made({ perSecond: 2, burst: 0 }), RangeError);
});

test('sweep keeps those who are below their burst', () => {
  const { limiter, now } = made({ perSecond: 2, burst: 10 });
  taken(limiter, 10);
  now.at += 1000;
  assert.equal(limiter.sweep(), 1);
  now.at += 4000;
  assert.equal(limiter.sweep(), 0);
});

test('Retry-After in whole seconds, rounded up', () => {
  const { limiter, now } = made({ perSecond: 0.4, burst: 1 });
  const handle = limited(limiter, () => ({ status: 200 }));
  handle({ client: 'a' });
  assert.equal(handle({ client: 'a' }).headers['Retry-After'], '3');
  now.at += 1600;
  assert.equal(handle({ client: 'a' }).headers['Retry-After'], '1');
  now.at += 900;
  assert.equal(handle({ client: 'a' }).status, 200);
});
