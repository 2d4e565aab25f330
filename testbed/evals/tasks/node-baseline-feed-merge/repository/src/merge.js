/**
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} link
 * @property {string} [guid] the publisher's name for the entry; stays when the entry is edited
 * @property {string} updated ISO 8601, in UTC
 */

/**
 * All entries of the feeds, newest first.
 *
 * @param {Entry[][]} feeds
 * @param {number} [limit]
 */
export function mergeFeeds(feeds, limit = 50) {
  const entries = feeds.flat();
  entries.sort((one, other) => other.updated.localeCompare(one.updated));
  return entries.slice(0, limit);
}
