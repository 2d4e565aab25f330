import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergeFeeds } from '../src/merge.js';

const entry = (title, day, rest = {}) => ({
  title,
  link: `https://club.example/${title}/${day}`,
  updated: `2025-03-${day}T08:00:00Z`,
  ...rest,
});

test('puts the newest first', () => {
  const merged = mergeFeeds([[entry('choir', '02')], [entry('rowing', '09'), entry('chess', '01')]]);
  assert.deepEqual(merged.map(({ title }) => title), ['rowing', 'choir', 'chess']);
});

test('stops at the limit', () => {
  assert.equal(mergeFeeds([[entry('a', '01'), entry('b', '02'), entry('c', '03')]], 2).length, 2);
});

test('keeps entries that share a title', () => {
  const merged = mergeFeeds([[entry('Training is off', '04'), entry('Training is off', '11')]]);
  assert.equal(merged.length, 2);
});
