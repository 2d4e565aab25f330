import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { label } from '../dist/label.js';
import { parsePostcode } from '../dist/postcode.js';

const address = (country, postcode, city) => ({ name: 'R. Okafor', street: '7 Mill Lane', city, postcode, country });

describe('postcodes', () => {
  it('are read with or without blanks', () => {
    assert.deepEqual(parsePostcode('GB', 'sw1a 1aa'), ['SW1A', '1AA']);
    assert.deepEqual(parsePostcode('PL', '00-950'), ['00', '950']);
  });

  it('of another country are refused', () => {
    assert.throws(() => parsePostcode('NL', '00-950'), /no postcode of NL/);
  });
});

describe('labels', () => {
  it('write a postcode the way its country does', () => {
    assert.deepEqual(label(address('GB', 'sw1a1aa', 'London')).lines.slice(2), ['London', 'SW1A 1AA']);
    assert.deepEqual(label(address('NL', '1012ab', 'Amsterdam')).lines.slice(2), ['1012 AB Amsterdam']);
    assert.deepEqual(label(address('PL', '00950', 'Warszawa')).lines.slice(2), ['00-950 Warszawa']);
  });

  it('hold no line that is too long', () => {
    const { lines } = label(address('NL', '3511 lx', 'Utrecht-Overvecht-Noord'));
    assert.equal(lines[2], '3511 LX Utrecht-Overvec…');
  });

  it('carry the route and the mark of what is fragile', () => {
    const { route, fragile } = label(address('GB', 'M1 1AE', 'Manchester'), { fragile: true });
    assert.deepEqual({ route, fragile }, { route: 'GB-M1', fragile: true });
    assert.equal(label(address('GB', 'M1 1AE', 'Manchester')).fragile, false);
  });
});
