/** The part of it that is used; it brings no types of its own. */
declare module 'punycode.js' {
  const punycode: {
    /** Decodes the A-labels of a domain name. @throws RangeError when one is not Punycode */
    toUnicode(domain: string): string
  }
  export default punycode
}
