import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCsv } from '../src/csv.js';
import { readStock } from '../src/stock.js';

const cell = (text) => parseCsv(text)[0][0];

test('doubled quotes are one quote, wherever they stand', () => {
  assert.equal(cell('"24"" arm"'), '24" arm');
  assert.equal(cell('"""arm"""'), '"arm"');
  assert.equal(cell('""""'), '"');
  assert.equal(cell('""""""'), '""');
});

test('what was right stays right', () => {
  assert.deepEqual(parseCsv('"",x\n"a,""b""\n2",'), [['', 'x'], ['a,"b"\n2', '']]);
  assert.deepEqual(parseCsv(''), []);
});

test('a stock list with inches', () => {
  const { records } = readStock('sku,name,quantity\r\nM-9,"Monitor arm 24"", black",3\r\n');
  assert.deepEqual(records, [{ sku: 'M-9', name: 'Monitor arm 24", black', quantity: 3 }]);
});
