import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limited } from '../src/http.js';
import { RateLimiter } from '../src/limiter.js';

test('answers 429 beyond the limit', () => {
  const handle = limited(new RateLimiter({ perSecond: 1, now: () => 0 }), () => ({ status: 200 }));
  assert.equal(handle({ client: 'a' }).status, 200);
  assert.equal(handle({ client: 'a' }).status, 429);
});
