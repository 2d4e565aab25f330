import { volume, type Parcel } from './parcel.js';

/** The price in cents. Throws a RangeError where the carrier does not take the parcel. */
export function quote(carrier: string, parcel: Parcel, island = false): number {
  if (carrier === 'rapido') {
    const grams = Math.max(parcel.grams, volume(parcel) / 5);
    if (grams > 30_000) throw new RangeError('rapido takes up to 30 kg');
    const price = 790 + Math.ceil(grams / 1000) * 120;
    return island ? price + 650 : price;
  }
  if (carrier === 'landpost') {
    const grams = Math.max(parcel.grams, volume(parcel) / 6);
    if (grams > 20_000) throw new RangeError('landpost takes up to 20 kg');
    const price = 450 + Math.ceil(grams / 1000) * 85;
    return island ? price + 300 : price;
  }
  if (carrier === 'velox') {
    const grams = Math.max(parcel.grams, volume(parcel) / 5);
    if (grams > 8_000) throw new RangeError('velox takes up to 8 kg');
    if (island) throw new RangeError('velox does not go to islands');
    const price = 990 + Math.ceil(grams / 1000) * 60;
    return price;
  }
  throw new RangeError(`unknown carrier ${carrier}`);
}

/** Working days until it arrives. */
export function days(carrier: string, island = false): number {
  if (carrier === 'rapido') {
    return island ? 3 : 1;
  }
  if (carrier === 'landpost') {
    return island ? 6 : 3;
  }
  if (carrier === 'velox') {
    if (island) throw new RangeError('velox does not go to islands');
    return 1;
  }
  throw new RangeError(`unknown carrier ${carrier}`);
}
