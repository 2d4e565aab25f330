import assert from 'node:assert/strict';
import { test } from 'node:test';

import { label } from '../dist/label.js';
import { formatPostcode } from '../dist/postcode.js';

test('postcodes of three countries', () => {
  assert.equal(formatPostcode('GB', ' ec1a1bb '), 'EC1A 1BB');
  assert.equal(formatPostcode('NL', '9999 zz'), '9999 ZZ');
  assert.equal(formatPostcode('PL', '31 874'), '31-874');
  assert.throws(() => formatPostcode('PL', '31-87'), RangeError);
});

test('fragile is always told', () => {
  const address = { name: 'A', street: 'B', city: 'C', postcode: '1234 ab', country: 'NL' };
  assert.deepEqual(label(address, { fragile: true }), { lines: ['A', 'B', '1234 AB C'], route: 'NL-1234', fragile: true });
  assert.strictEqual(label(address).fragile, false);
});
