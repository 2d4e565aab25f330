export type Country = 'GB' | 'NL' | 'PL';

const FORMS: Record<Country, RegExp> = {
  GB: /^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$/,
  NL: /^([1-9][0-9]{3})([A-Z]{2})$/,
  PL: /^([0-9]{2})([0-9]{3})$/,
};

/** Upper case, without blanks and dashes. Throws where it is no postcode of the country. */
export function parsePostcode(country: Country, text: string): [string, string] {
  const plain = text.toUpperCase().replace(/[\s-]/g, '');
  const found = FORMS[country].exec(plain);
  if (found === null) throw new RangeError(`${text} is no postcode of ${country}`);
  return [found[1]!, found[2]!];
}
