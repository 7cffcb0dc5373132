import { readApiKeys } from './api-keys.ts'
import { readAuthority } from './authority.ts'
import { readBasic } from './basic.ts'
import { readCertificate, readClientCertificate } from './certificate.ts'
import type { CertificateReader } from './certificate-reader.ts'
import { failed, invalid, type SecretReading } from './fault.ts'
import { readJwks } from './jwks.ts'
import type { SecretUse } from './reference.ts'
import type { DataObject } from './secret-data.ts'

/** Uses that make a credential record, of which a Secret has one. */
const CREDENTIALS: readonly SecretUse[] = ['api-keys', 'basic', 'jwks', 'client-certificate']

/** Reads a Secret or ConfigMap for each of its uses. */
export function readSecret(
  object: DataObject,
  uses: readonly SecretUse[],
  reader: CertificateReader,
): ReadonlyMap<SecretUse, SecretReading> {
  const [first, second] = uses.filter((use) => CREDENTIALS.includes(use))
  const isDisputed = first !== undefined && second !== undefined
  return new Map(
    uses.map((use) => [
      use,
      isDisputed && CREDENTIALS.includes(use) ? disputed(object) : readFor(use, object, reader),
    ]),
  )
}

function readFor(use: SecretUse, object: DataObject, reader: CertificateReader): SecretReading {
  const { kind, meta } = object
  const key = `${meta.namespace}/${meta.name}`
  switch (use) {
    case 'certificate':
      return readCertificate(object, key, reader)
    case 'client-certificate':
      return readClientCertificate(object, key, reader)
    case 'api-keys':
      return readApiKeys(object, key)
    case 'basic':
      return readBasic(object, key)
    case 'jwks':
      return readJwks(object, key)
    case 'authority':
      return readAuthority(object, `${kind}/${key}`, reader)
  }
}

/** One record cannot be two, and which one was meant is not ours to guess. */
function disputed({ meta }: DataObject): SecretReading {
  return failed(
    invalid(
      `Secret ${meta.name} is named as two kinds of credential by Services of this namespace`,
      'Make one Secret for each: API keys, passwords, key sets and client certificates do not go together.',
    ),
  )
}
