import { formatPostcode } from './postcode.js';
import type { Country } from './postcode.js';

export interface Address {
  readonly name: string;
  readonly street: string;
  readonly city: string;
  readonly postcode: string;
  readonly country: Country;
}

/** The lines of an address block; none is longer than the printer's `width`. */
export function addressLines(address: Address, width: number): string[] {
  const postcode = formatPostcode(address.country, address.postcode);
  const place = address.country === 'GB' ? [address.city, postcode] : [`${postcode} ${address.city}`];
  return [address.name, address.street, ...place].map((line) => shorten(line, width));
}

function shorten(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
