import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'
import type { TlsIdentity } from './tls-identity.ts'

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/

/**
 * What OpenSSL needs of an identity.
 *
 * @throws Error when it cannot be used: no certificate where one must be, or a key that is not the certificate's
 */
export function secureContextOf({ ca, client }: TlsIdentity): SecureContext {
  // Without this, OpenSSL would take any text, and trust nobody.
  if (ca !== undefined && !CERTIFICATE.test(ca)) throw new Error('No certificate is among the authorities')
  if (ca !== undefined) new X509Certificate(ca)
  return createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
  })
}

/** Why a certificate is for none of the names; undefined: it is. Its common name is nobody's (RFC 9525 §6.3). */
export function nameFault(names: readonly string[], certificate: PeerCertificate): Error | undefined {
  const named = { ...certificate, subject: { ...certificate.subject, CN: '' } }
  let fault: Error | undefined
  for (const name of names) {
    fault = checkServerIdentity(name, named)
    if (fault === undefined) return undefined
  }
  return fault ?? new Error('There is no name that the certificate could be for')
}
