import { addressLines, type Address } from './address.js';
import { parsePostcode } from './postcode.js';

const WIDTH = 24;

export interface Label {
  readonly lines: readonly string[];
  /** What the sorting machine reads: country, then the postcode's first part. */
  readonly route: string;
  readonly fragile: boolean;
}

export function label(address: Address, options: { fragile?: boolean } = {}): Label {
  const [district] = parsePostcode(address.country, address.postcode);
  return { lines: addressLines(address, WIDTH), route: `${address.country}-${district}` };
}
