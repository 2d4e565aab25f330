import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cleanLink } from '../src/links.js';
import { page } from '../src/page.js';

test('links lose campaign parameters', () => {
  assert.equal(cleanLink('https://a.example/x?utm_source=mail&id=4'), 'https://a.example/x?id=4');
});

test('links lose the share buttons\' parameters', () => {
  assert.equal(cleanLink('https://a.example/x?id=4&fbclid=Iw9&igsh=2a'), 'https://a.example/x?id=4');
});

test('titles are escaped', () => {
  const html = page([[{ title: 'Tea & <cake>', link: 'https://a.example/', updated: '2025-01-01T00:00:00Z' }]]);
  assert.equal(html, '<ul><li><a href="https://a.example/">Tea &amp; &lt;cake></a></li></ul>');
});
