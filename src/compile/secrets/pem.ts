const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----/

/**
 * The certificates of a text, one PEM block each. Nothing else of it goes on: what is published is no secret, and some
 * write the private key behind the chain.
 */
export function certificatesIn(text: string): readonly string[] {
  return (text.match(CERTIFICATE) ?? []).map(trimmed)
}

/** The first private key that is not encrypted. */
export function privateKeyIn(text: string): string | undefined {
  const [block] = PRIVATE_KEY.exec(text) ?? []
  return block === undefined ? undefined : trimmed(block)
}

/** Lines as they were, without what surrounds them. */
function trimmed(block: string): string {
  return block
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}
