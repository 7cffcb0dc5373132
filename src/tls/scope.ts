import type { SecretPart } from '../model/secret-part.ts'

/** A certificate whose key may be sealed. */
export interface SealedIdentity {
  /** PEM, the leaf first. */
  readonly chain: string
  readonly key: SecretPart
  /** For whoever opens it. */
  readonly recordId: string
}

export interface ClientsAsked {
  /** Certificates of the authorities, PEM. */
  readonly authority: string
  readonly mode: 'require' | 'optional'
}

/** What a connection is negotiated with. */
export interface Scope {
  /** The same for the same host everywhere: on other gateways, and after a certificate was renewed. */
  readonly id: string
  /** At least one. */
  readonly identities: readonly SealedIdentity[]
  /** Undefined: nobody is asked for a certificate. */
  readonly clients: ClientsAsked | undefined
}
