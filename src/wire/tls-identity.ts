/** Who an endpoint must prove to be, and what it is shown. One object for as long as nothing of it changes. */
export interface TlsIdentity {
  /** The same for the same content: a connection is kept for requests with this one only. */
  readonly id: string
  /** Sent as SNI. */
  readonly serverName: string
  /** The certificate must be for one of these. */
  readonly names: readonly string[]
  /** False: whoever answers is believed. */
  readonly verify: boolean
  /** PEM. Undefined: the roots that the platform trusts. */
  readonly ca: string | undefined
  /** PEM. Undefined: no certificate of ours is shown. */
  readonly client: { readonly chain: string; readonly key: string } | undefined
}
