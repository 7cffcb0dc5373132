import { writeCredential } from '../../model/credential-texts.ts'
import type { CertificateReader, KeyFit, LeafFacts } from './certificate-reader.ts'
import { type Fault, failed, invalid, type SecretReading } from './fault.ts'
import { certificatesIn, privateKeyIn } from './pem.ts'
import { type DataObject, textOf } from './secret-data.ts'

const TYPE = 'kubernetes.io/tls'

interface Pair {
  readonly certificates: readonly string[]
  readonly key: string
  readonly leaf: LeafFacts
}

/** `kubernetes.io/tls` → a certificate record: what gateways show to clients. */
export function readCertificate(object: DataObject, key: string, reader: CertificateReader): SecretReading {
  const pair = pairOf(object, reader)
  if ('code' in pair) return failed(pair)
  const { hosts, notBefore, notAfter } = pair.leaf
  const value = {
    hosts: [...hosts],
    notBefore,
    notAfter,
    chain: pair.certificates.join('\n'),
    key: { form: 'open' as const, text: pair.key },
  }
  return { record: { kind: 'certificate', key, value }, faults: [] }
}

/** `kubernetes.io/tls` → a credential record: what gateways show to endpoints. */
export function readClientCertificate(
  object: DataObject,
  key: string,
  reader: CertificateReader,
): SecretReading {
  const pair = pairOf(object, reader)
  if ('code' in pair) return failed(pair)
  const type = 'client-certificate'
  const text = writeCredential(type, { chain: pair.certificates.join('\n'), key: pair.key })
  return { record: { kind: 'credential', key, value: { type, secret: { form: 'open', text } } }, faults: [] }
}

function pairOf(object: DataObject, reader: CertificateReader): Pair | Fault {
  const { name } = object.meta
  if (object.kind !== 'Secret' || object.type !== TYPE) {
    return invalid(
      `Secret ${name} is not of type ${TYPE}`,
      `Make it with kubectl create secret tls ${name} --cert=… --key=…; the type of a Secret that is there cannot be changed.`,
    )
  }
  const [chainText, keyText] = [textOf(object, 'tls.crt'), textOf(object, 'tls.key')]
  if (chainText === undefined || keyText === undefined) {
    const missing = chainText === undefined ? 'tls.crt' : 'tls.key'
    return invalid(
      `Secret ${name} has no ${missing}`,
      'It takes tls.crt, the chain, and tls.key, the private key.',
    )
  }
  const certificates = certificatesIn(chainText ?? '')
  const leaf = certificates.length === 0 ? undefined : reader.read(certificates)
  if (leaf === undefined) {
    return unfit(`Cannot read tls.crt of Secret ${name}`, 'It takes certificates in PEM, the leaf first.')
  }
  const key = privateKeyIn(keyText ?? '')
  const fit = key === undefined ? 'unreadable' : reader.fit(certificates, key)
  return fit === 'fits' && key !== undefined ? { certificates, key, leaf } : unfitKey(name, fit)
}

function unfitKey(name: string, fit: KeyFit): Fault {
  switch (fit) {
    case 'other':
      return unfit(
        `tls.key of Secret ${name} is not the key of the first certificate in tls.crt`,
        'Write the pair that belongs together; in tls.crt the certificate of the host stands first, then those that issued it.',
      )
    case 'weak':
      return unfit(
        `The certificate or key of Secret ${name} is too weak for TLS`,
        'Have it issued anew: RSA of 2048 bits at least or ECDSA, signed by SHA-256 or better.',
      )
    default:
      return unfit(
        `Cannot read tls.key of Secret ${name}`,
        'It takes one private key in PEM that is not encrypted.',
      )
  }
}

function unfit(message: string, hint: string): Fault {
  return { code: 'certificate-invalid', severity: 'error', message, hint }
}
