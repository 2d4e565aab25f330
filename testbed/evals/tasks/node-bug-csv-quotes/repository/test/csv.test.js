import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCsv } from '../src/csv.js';

test('splits at commas and line ends', () => {
  assert.deepEqual(parseCsv('a,b\nc,d\n'), [['a', 'b'], ['c', 'd']]);
});

test('keeps commas and line breaks of a quoted cell', () => {
  assert.deepEqual(parseCsv('"a,1","b\n2"\n'), [['a,1', 'b\n2']]);
});

test('an empty quoted cell is an empty cell', () => {
  assert.deepEqual(parseCsv('a,"",c\n'), [['a', '', 'c']]);
});

test('takes Windows line ends', () => {
  assert.deepEqual(parseCsv('a,b\r\nc,d'), [['a', 'b'], ['c', 'd']]);
});
