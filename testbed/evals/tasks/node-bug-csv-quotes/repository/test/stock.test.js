import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readStock } from '../src/stock.js';

test('reads records by the header, in any order', () => {
  const { records } = readStock('Quantity,SKU,Name\n4,T-1,"Table, oak"\n');
  assert.deepEqual(records, [{ sku: 'T-1', name: 'Table, oak', quantity: 4 }]);
});

test('names the lines it leaves out', () => {
  const { records, rejected } = readStock('sku,name,quantity\nA,Lamp,x\nB,Desk,2\n,Chair,1\n');
  assert.equal(records.length, 1);
  assert.deepEqual(rejected, [2, 4]);
});
