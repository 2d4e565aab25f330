import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cheapest } from '../dist/compare.js';
import { days, quote } from '../dist/quote.js';

const parcel = (grams, length = 10, width = 10, height = 10) => ({ grams, length, width, height });

test('prices by weight', () => {
  assert.equal(quote('rapido', parcel(1500)), 1030);
  assert.equal(quote('landpost', parcel(1500)), 620);
  assert.equal(quote('velox', parcel(1500)), 1110);
});

test('large and light parcels go by their volume', () => {
  assert.equal(quote('rapido', parcel(500, 60, 40, 20)), 790 + 10 * 120);
  assert.equal(quote('landpost', parcel(500, 60, 40, 20)), 450 + 8 * 85);
});

test('islands cost extra, and velox stays on the mainland', () => {
  assert.equal(quote('rapido', parcel(900), true), 1560);
  assert.equal(quote('landpost', parcel(900), true), 835);
  assert.throws(() => quote('velox', parcel(900), true), /velox does not go to islands/);
});

test('each carrier has its limit', () => {
  assert.throws(() => quote('velox', parcel(8001)), /velox takes up to 8 kg/);
  assert.equal(quote('velox', parcel(8000)), 1470);
  assert.throws(() => quote('pigeon', parcel(1)), /unknown carrier pigeon/);
});

test('days on the road', () => {
  assert.deepEqual([days('rapido'), days('landpost'), days('velox')], [1, 3, 1]);
  assert.deepEqual([days('rapido', true), days('landpost', true)], [3, 6]);
  assert.throws(() => days('velox', true), /velox does not go to islands/);
});

test('compares what is offered', () => {
  assert.deepEqual(cheapest(parcel(1500)), ['landpost', 'rapido', 'velox']);
  assert.deepEqual(cheapest(parcel(25_000), true), ['rapido']);
});
