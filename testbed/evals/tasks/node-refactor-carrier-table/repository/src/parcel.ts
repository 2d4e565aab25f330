/** What is sent; sizes in centimetres, weight in grams. */
export interface Parcel {
  readonly length: number;
  readonly width: number;
  readonly height: number;
  readonly grams: number;
}

/** Cubic centimetres. */
export function volume(parcel: Parcel): number {
  return parcel.length * parcel.width * parcel.height;
}
