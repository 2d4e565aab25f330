import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isWorthAnother, withRetries } from '../src/retry.js';

const settings = { attempts: 3, timeout: 10, firstWait: 1, longestWait: 2 };

test('gives up when the attempts are used up', async () => {
  const waits = [];
  const busy = async () => ({ response: { status: 503 } });
  const { attempt } = await withRetries(busy, settings, async (wait) => waits.push(wait));
  assert.equal(attempt, 3);
  assert.deepEqual(waits, [1, 2]);
});

test('a wrong request is not tried again', () => {
  assert.equal(isWorthAnother({ response: { status: 404 } }), false);
});
