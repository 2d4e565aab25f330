import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CARRIERS } from '../dist/carriers.js';
import { cheapest } from '../dist/compare.js';
import { days, quote } from '../dist/quote.js';

const parcel = (grams, length = 10, width = 10, height = 10) => ({ grams, length, width, height });

test('one table knows the carriers', () => {
  assert.deepEqual(Object.keys(CARRIERS).sort(), ['landpost', 'rapido', 'velox']);
  for (const file of ['quote', 'compare']) {
    assert.doesNotMatch(readFileSync(new URL(`../src/${file}.ts`, import.meta.url), 'utf8'), /rapido|landpost|velox/);
  }
});

test('prices, limits and messages are what they were', () => {
  assert.equal(quote('rapido', parcel(30_000)), 4390);
  assert.equal(quote('rapido', parcel(100, 50, 50, 40), true), 790 + 20 * 120 + 650);
  assert.equal(quote('landpost', parcel(20_000), true), 2450);
  assert.equal(quote('landpost', parcel(0, 1, 1, 1)), 535);
  assert.equal(quote('velox', parcel(7001)), 1470);
  assert.throws(() => quote('rapido', parcel(30_001)), { name: 'RangeError', message: 'rapido takes up to 30 kg' });
  assert.throws(() => quote('landpost', parcel(1, 100, 100, 13)), /^RangeError: landpost takes up to 20 kg$/);
  assert.throws(() => quote('velox', parcel(9000), true), /velox takes up to 8 kg/);
  assert.throws(() => quote('toString', parcel(1)), /unknown carrier toString/);
  assert.throws(() => days('constructor'), /unknown carrier constructor/);
});

test('days and comparison are what they were', () => {
  assert.deepEqual([days('rapido', true), days('landpost', true), days('velox')], [3, 6, 1]);
  assert.throws(() => days('velox', true), /velox does not go to islands/);
  assert.deepEqual(cheapest(parcel(7000)), ['landpost', 'velox', 'rapido']);
  assert.deepEqual(cheapest(parcel(31_000)), []);
});
