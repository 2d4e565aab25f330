/** A token bucket for each client. */
export class RateLimiter {
  #buckets = new Map();

  /**
   * @param {object} options
   * @param {number} options.perSecond tokens that a client is given each second
   * @param {() => number} [options.now] the clock, in milliseconds
   */
  constructor({ perSecond, now = Date.now }) {
    if (!(perSecond > 0)) throw new RangeError(`perSecond is ${perSecond}: it must be above 0`);
    this.perSecond = perSecond;
    this.now = now;
  }

  /** Takes one token of the client; false where there is none left. */
  take(client) {
    const bucket = this.#filled(client);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Forgets clients whose bucket is full: they are like new ones. */
  sweep() {
    for (const client of [...this.#buckets.keys()]) {
      if (this.#filled(client).tokens >= this.perSecond) this.#buckets.delete(client);
    }
    return this.#buckets.size;
  }

  #filled(client) {
    const at = this.now();
    const bucket = this.#buckets.get(client) ?? { tokens: this.perSecond, at };
    bucket.tokens = Math.min(this.perSecond, bucket.tokens + ((at - bucket.at) / 1000) * this.perSecond);
    bucket.at = at;
    this.#buckets.set(client, bucket);
    return bucket;
  }
}
