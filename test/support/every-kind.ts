import { encodeCanonical } from '../../src/model/canonical.ts'
import type { SecretPart } from '../../src/model/secret-part.ts'
import { publicPartOf } from '../../src/registry/keys/key.ts'
import { recordId } from '../../src/registry/owner.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import { encryptText } from '../../src/registry/sealing/jwe.ts'
import { sealingKey } from './keys.ts'
import { endpointsRecord, nodeRecord, policyRecord, routeRecord, serviceRecord } from './records.ts'

/** What must be in no registry that can be read. */
export const SECRETS = [
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n',
  'alice:$2y$05$a-hash-of-a-password',
]

/** One record of every kind, and a second one of those that others could be put in the place of. */
export async function everyKind(cluster: string, port: number): Promise<readonly StoredRecord[]> {
  const [key = '', users = ''] = SECRETS
  const part = (kind: string, name: string, text: string) => sealed(cluster, recordId(kind, name), text)
  const certificate = async (name: string) => ({
    kind: 'certificate',
    key: name,
    text: encodeCanonical({
      ...{ hosts: ['shop.localhost'], notBefore: 0, notAfter: 1, chain: 'PEM' },
      key: await part('certificate', name, key),
    }),
  })
  const credential = async (name: string) => ({
    kind: 'credential',
    key: name,
    text: encodeCanonical({ type: 'basic', secret: await part('credential', name, users) }),
  })
  return [
    routeRecord('shop.localhost', 'shop/web:80'),
    routeRecord('other.localhost', 'shop/other:80'),
    serviceRecord('shop/web:80'),
    serviceRecord('shop/other:80'),
    endpointsRecord('shop/web/a', ['127.0.0.1'], ['p1'], port),
    endpointsRecord('shop/other/a', ['127.0.0.1'], ['p1'], 1),
    policyRecord('p1'),
    policyRecord('p2'),
    nodeRecord('n1'),
    nodeRecord('n2'),
    await certificate('shop/tls'),
    await certificate('other/tls'),
    await credential('shop/users'),
    await credential('other/users'),
    { kind: 'authority', key: 'Secret/shop/ca', text: encodeCanonical({ certificates: 'PEM' }) },
    { kind: 'authority', key: 'Secret/other/ca', text: encodeCanonical({ certificates: 'PEM' }) },
    {
      kind: 'challenge',
      key: 'shop.localhost/token',
      text: encodeCanonical({ keyAuthorization: 'token.key' }),
    },
    {
      kind: 'challenge',
      key: 'other.localhost/token',
      text: encodeCanonical({ keyAuthorization: 'token.key' }),
    },
    { kind: 'problem', key: 'Service/shop/web', text: '[]' },
    { kind: 'problem', key: 'Service/shop/other', text: '[]' },
  ]
}

async function sealed(cluster: string, id: string, text: string): Promise<SecretPart> {
  return { form: 'sealed', tag: 'tag', jwe: await encryptText(text, cluster, id, [publicPartOf(sealingKey)]) }
}
