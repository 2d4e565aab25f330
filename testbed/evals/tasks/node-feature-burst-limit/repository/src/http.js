/**
 * A request handler that lets through what the limiter allows.
 *
 * @param {import('./limiter.js').RateLimiter} limiter
 * @param {(request: object) => object} next
 */
export function limited(limiter, next) {
  return (request) => {
    if (limiter.take(request.client)) return next(request);
    return { status: 429, headers: {}, body: 'Too many requests' };
  };
}
