import type { Answer } from '../../src/gateway/external-names.ts'
import { KeySets } from '../../src/gateway/tokens/key-sets.ts'
import { documentReader } from '../../src/gateway/tokens/read-document.node.ts'
import { TokenBook } from '../../src/gateway/tokens/token-book.ts'
import type { Cidr } from '../../src/model/address.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { say } from './say.ts'

export interface TokenConfig {
  readonly jwksCidrs: readonly Cidr[]
  readonly allowHttpJwks: boolean
  readonly deniedExternalCidrs: readonly Cidr[]
}

/** What verifies clients' tokens in this process. */
export function createTokenBook(
  { jwksCidrs, allowHttpJwks, deniedExternalCidrs }: TokenConfig,
  resolve: (name: string) => Promise<Answer>,
  isNode: (address: string) => boolean,
): TokenBook {
  const reach = {
    allowedCidrs: jwksCidrs,
    deniedCidrs: deniedExternalCidrs,
    allowsHttp: allowHttpJwks,
    isNode,
  }
  const parts = { clock: systemClock, timers: systemTimers, onTrouble: say }
  const keys = new KeySets({ ...parts, read: documentReader(reach, resolve), sharesReads: true })
  return new TokenBook({ ...parts, keys, digest: nodeDigest })
}
