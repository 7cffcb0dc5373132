/** What is read of a leaf certificate. */
export interface LeafFacts {
  /** `subjectAltName` dNSNames, in lower case, sorted. */
  readonly hosts: readonly string[]
  /** Validity, ms since the Unix epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/** `weak`: TLS libraries refuse it, most often for a key that is too short or a signature by SHA-1. */
export type KeyFit = 'fits' | 'unreadable' | 'other' | 'weak'

/**
 * What the compiler needs to know of X.509, which web-standard APIs cannot read: a parameter. Both functions are
 * deterministic, and no error of theirs holds anything of a key.
 */
export interface CertificateReader {
  /**
   * Reads PEM blocks of certificates, the leaf first.
   * @returns what is said of the first; undefined when any cannot be read
   */
  read(certificates: readonly string[]): LeafFacts | undefined
  /** Whether a private key (one PEM block) is that of the first certificate, and a TLS library takes both. */
  fit(certificates: readonly string[], key: string): KeyFit
}
