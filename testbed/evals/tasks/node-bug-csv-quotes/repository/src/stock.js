import { parseCsv } from './csv.js';

/**
 * Records of a supplier's list, and the numbers of the lines that were left out.
 *
 * @param {string} text CSV with the columns sku, name and quantity, in any order
 */
export function readStock(text) {
  const [header, ...lines] = parseCsv(text);
  const place = Object.fromEntries(header.map((name, index) => [name.trim().toLowerCase(), index]));
  const records = [];
  const rejected = [];
  lines.forEach((cells, index) => {
    const quantity = Number(cells[place.quantity]);
    const sku = cells[place.sku];
    if (!sku || !Number.isInteger(quantity) || quantity < 0) {
      rejected.push(index + 2);
    } else {
      records.push({ sku, name: cells[place.name], quantity });
    }
  });
  return { records, rejected };
}
