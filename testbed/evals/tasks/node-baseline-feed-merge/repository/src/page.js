import { cleanLink } from './links.js';
import { mergeFeeds } from './merge.js';

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** An HTML list of the feeds' entries. */
export function page(feeds) {
  const items = mergeFeeds(feeds).map(
    ({ title, link }) => `<li><a href="${escaped(cleanLink(link))}">${escaped(title)}</a></li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}
