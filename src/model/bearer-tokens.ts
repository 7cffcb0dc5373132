import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** The tokens that open a relay or a console; several, so that a new one can be handed out before the old one goes. */
export class BearerTokens {
  readonly #digests: readonly Uint8Array[]

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map((token) => sha256(utf8ToBytes(token)))
  }

  /** Whether an Authorization field opens it. How long it takes tells nothing of any token. */
  admits(authorization: string | undefined): boolean {
    const token = /^bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return false
    const given = sha256(utf8ToBytes(token))
    let isKnown = false
    for (const digest of this.#digests) if (areEqual(digest, given)) isKnown = true
    return isKnown
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0)
  return difference === 0
}
