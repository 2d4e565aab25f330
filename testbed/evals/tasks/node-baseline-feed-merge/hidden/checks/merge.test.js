import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergeFeeds } from '../src/merge.js';
import { page } from '../src/page.js';

const entry = (guid, updated, title, link = 'https://c.example/1') => ({ ...(guid && { guid }), updated, title, link });
const titles = (...feeds) => mergeFeeds(feeds).map(({ title }) => title);

test('one guid is one entry: the newest, wherever it stands', () => {
  const old = entry('g1', '2025-03-01T08:00:00Z', 'old');
  const fresh = entry('g1', '2025-03-05T08:00:00Z', 'new', 'https://c.example/moved');
  const other = entry('g2', '2025-03-03T08:00:00Z', 'other');
  assert.deepEqual(titles([old, other], [fresh]), ['new', 'other']);
  assert.deepEqual(titles([fresh], [other, old]), ['new', 'other']);
});

test('without a guid the link tells', () => {
  const one = entry('', '2025-03-01T08:00:00Z', 'one');
  const two = entry('', '2025-03-02T08:00:00Z', 'two');
  const far = entry('', '2025-03-02T07:00:00Z', 'far', 'https://c.example/2');
  assert.deepEqual(titles([one, two, far]), ['two', 'far']);
});

test('the limit counts what is left', () => {
  const twice = entry('g', '2025-03-09T08:00:00Z', 'twice');
  const once = entry('h', '2025-03-08T08:00:00Z', 'once');
  assert.equal(mergeFeeds([[twice, twice, once]], 2).length, 2);
  assert.equal(page([[twice], [twice]]).split('<li>').length, 2);
});
