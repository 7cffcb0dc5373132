import type { CertificateReader } from './certificate-reader.ts'
import { failed, invalid, type SecretReading } from './fault.ts'
import { certificatesIn } from './pem.ts'
import { type DataObject, textOf } from './secret-data.ts'

/** The first that is there: `ca.crt` is where cert-manager and Kubernetes itself write an issuer's certificate. */
const ENTRIES = ['ca.crt', 'tls.crt'] as const

/** Certificates of authorities, of a Secret or a ConfigMap → an authority record. */
export function readAuthority(object: DataObject, key: string, reader: CertificateReader): SecretReading {
  const { kind, meta } = object
  const entry = ENTRIES.find((name) => textOf(object, name) !== undefined)
  if (entry === undefined) {
    const hint = 'It takes ca.crt (else tls.crt), certificates of authorities in PEM.'
    return failed(invalid(`${kind} ${meta.name} has no ca.crt`, hint))
  }
  const certificates = certificatesIn(textOf(object, entry) ?? '')
  // One that cannot be read might be the one that was meant.
  if (certificates.length === 0 || reader.read(certificates) === undefined) {
    return failed({
      code: 'certificate-invalid',
      severity: 'error',
      message: `Cannot read ${entry} of ${kind} ${meta.name}`,
      hint: 'It takes certificates of authorities in PEM.',
    })
  }
  return { record: { kind: 'authority', key, value: { certificates: certificates.join('\n') } }, faults: [] }
}
