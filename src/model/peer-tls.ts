/** A client's certificate that has been verified. */
export interface ClientCertificate {
  /** What its endpoint is told of it, as [name, value, …] (docs/tls.md). */
  readonly fields: readonly string[]
}

/** How a connection was negotiated. */
export interface PeerTls {
  /** The name that the client asked for, as hosts are matched; undefined: none. */
  readonly serverName: string | undefined
  /** `TLSv1.3` */
  readonly version: string
  readonly cipher: string
  /** Whose record was shown: cluster and key; undefined: the gateway's own certificate. */
  readonly certificate: { readonly cluster: string | undefined; readonly keys: readonly string[] } | undefined
  /** The authorities (PEM) that a certificate was asked of; undefined: none was asked for. */
  readonly authority: string | undefined
  /** Undefined: the client has shown none. */
  readonly client: ClientCertificate | undefined
}
