import type { Parcel } from './parcel.js';
import { quote } from './quote.js';

/** The carriers that take the parcel, cheapest first. */
export function cheapest(parcel: Parcel, island = false): string[] {
  const offers: { carrier: string; price: number }[] = [];
  for (const carrier of ['rapido', 'landpost', 'velox']) {
    try {
      offers.push({ carrier, price: quote(carrier, parcel, island) });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return offers.sort((one, other) => one.price - other.price).map((offer) => offer.carrier);
}
