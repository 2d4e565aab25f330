const TRACKING = /^(?:utm_\w+|gclid)$/;

/** The link without parameters that only serve tracking. */
export function cleanLink(link) {
  const url = new URL(link);
  for (const name of [...url.searchParams.keys()]) {
    if (TRACKING.test(name)) url.searchParams.delete(name);
  }
  return url.href;
}
