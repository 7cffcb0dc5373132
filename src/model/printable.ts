// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g

/** Foreign text for a message: cut, and with nothing in it that ends or repaints a line of a log. */
export function printable(text: string, maxLength = 80): string {
  return text.slice(0, maxLength).replace(CONTROL, '\ufffd')
}
