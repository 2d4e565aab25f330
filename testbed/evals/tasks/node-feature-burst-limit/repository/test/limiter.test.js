import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { RateLimiter } from '../src/limiter.js';

const clock = () => {
  const now = () => now.at;
  now.at = 1_000_000;
  return now;
};

const taken = (limiter, client, times) => Array.from({ length: times }, () => limiter.take(client)).filter(Boolean).length;

describe('RateLimiter', () => {
  it('gives each client its own tokens', () => {
    const limiter = new RateLimiter({ perSecond: 2, now: clock() });
    assert.equal(taken(limiter, 'a', 5), 2);
    assert.equal(taken(limiter, 'b', 5), 2);
  });

  it('refills with time', () => {
    const now = clock();
    const limiter = new RateLimiter({ perSecond: 4, now });
    assert.equal(taken(limiter, 'a', 9), 4);
    now.at += 500;
    assert.equal(taken(limiter, 'a', 9), 2);
  });

  it('saves up no more than a second of tokens', () => {
    const now = clock();
    const limiter = new RateLimiter({ perSecond: 3, now });
    limiter.take('a');
    now.at += 60_000;
    assert.equal(taken(limiter, 'a', 20), 3);
  });

  it('forgets clients with a full bucket', () => {
    const now = clock();
    const limiter = new RateLimiter({ perSecond: 2, now });
    limiter.take('a');
    assert.equal(limiter.sweep(), 1);
    now.at += 1000;
    assert.equal(limiter.sweep(), 0);
  });

  it('refuses a limit of nothing', () => {
    assert.throws(() => new RateLimiter({ perSecond: 0 }), /perSecond is 0/);
  });
});
