import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeCertificates } from '../../../src/compile/secrets/certificate-reader.node.ts'
import { readSecret } from '../../../src/compile/secrets/read-secret.ts'
import type { SecretUse } from '../../../src/compile/secrets/reference.ts'
import type { DataObject } from '../../../src/compile/secrets/secret-data.ts'
import { type CredentialType, readCredential } from '../../../src/model/credential-texts.ts'
import { parseRecord } from '../../../src/model/parse-record.ts'
import { configMapOf, goldenSecret, plainOf, secretOf } from '../../support/pairs.ts'

function read(object: DataObject, use: SecretUse) {
  const reading = readSecret(object, [use], nodeCertificates).get(use)
  if (reading === undefined) throw new Error('It was not read')
  const { record, faults } = reading
  if (record !== undefined) {
    expect(parseRecord(record.kind, record.key, JSON.stringify(record.value))).toMatchObject({ ok: true })
  }
  return { record, messages: faults.map(({ message }) => message) }
}

/** What the credential record of a use holds. */
function held<T extends CredentialType>(object: DataObject, type: T) {
  const { record, messages } = read(object, type)
  const secret = record?.kind === 'credential' ? record.value.secret : undefined
  return { value: secret?.form === 'open' ? readCredential(type, secret.text) : undefined, messages }
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
const pair = goldenSecret('shop-example-com')
const [crt, key] = ['tls.crt', 'tls.key'].map((name) => plainOf(pair, name))

describe('certificates', () => {
  test('nothing but certificates goes into the chain, which is no secret', () => {
    const mixed = secretOf(
      { 'tls.crt': `a comment\r\n${crt}\n${key}`, 'tls.key': `${key}` },
      'kubernetes.io/tls',
    )
    const { record } = read(mixed, 'certificate')
    expect(record).toMatchObject({ kind: 'certificate', key: 'shop/secret', value: { chain: crt?.trim() } })
  })

  test('a key that is encrypted, another one, or none is told, and nothing is published', () => {
    const other = plainOf(goldenSecret('other'), 'tls.key')
    const cases = [
      [
        '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----',
        'Cannot read tls.key',
      ],
      ['-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----', 'Cannot read tls.key'],
      [other, 'is not the key of the first certificate'],
    ]
    for (const [text, message] of cases) {
      const wrong = secretOf({ 'tls.crt': `${crt}`, 'tls.key': `${text}` }, 'kubernetes.io/tls')
      const { record, messages } = read(wrong, 'certificate')
      expect(record).toBeUndefined()
      expect(messages).toEqual([expect.stringContaining(`${message}`)])
    }
  })

  test('the same pair is what gateways show to endpoints', () => {
    expect(held(pair, 'client-certificate').value).toEqual({ chain: crt?.trim(), key: key?.trim() })
  })

  test('authorities are read of Secrets and of ConfigMaps, ca.crt before tls.crt', () => {
    const other = plainOf(goldenSecret('other'), 'tls.crt')
    const value = { certificates: other.trim() }
    const key = 'ConfigMap/shop/map'
    expect(read(configMapOf({ 'ca.crt': other }), 'authority').record).toEqual({
      kind: 'authority',
      key,
      value,
    })
    const both = secretOf({ 'ca.crt': other, 'tls.crt': `${crt}` })
    expect(read(both, 'authority').record).toMatchObject({ key: 'Secret/shop/secret', value })
    expect(read(secretOf({ 'ca.crt': 'none' }), 'authority').messages).toEqual([
      'Cannot read ca.crt of Secret secret',
    ])
  })
})

describe('API keys', () => {
  test('are digests with their ids, without the line break of a file', () => {
    const [one, two] = ['0123456789abcdef', 'fedcba9876543210']
    const { value, messages } = held(secretOf({ b: `${one}\n`, a: two ?? '' }), 'api-keys')
    expect(value).toEqual({
      keys: [
        { id: 'a', sha256: sha256(`${two}`) },
        { id: 'b', sha256: sha256(`${one}`) },
      ],
    })
    expect(messages).toEqual([])
  })

  test('one that is empty or cannot be sent lets nobody in, and the others do', () => {
    const { value, messages } = held(
      secretOf({ empty: '', spaced: 'a b', good: '0123456789abcdef', short: 'abc' }),
      'api-keys',
    )
    expect(value?.keys.map(({ id }) => id)).toEqual(['good', 'short'])
    expect(messages).toEqual([
      'Secret secret: entry empty is no API key',
      'Secret secret: the key of entry short has fewer than 16 characters',
      'Secret secret: entry spaced is no API key',
    ])
  })

  test("a ServiceAccount's token is no set of API keys", () => {
    const token = secretOf({ token: '0123456789abcdef' }, 'kubernetes.io/service-account-token')
    expect(read(token, 'api-keys')).toEqual({
      record: undefined,
      messages: ['Secret secret is not of type Opaque'],
    })
  })
})

describe('passwords', () => {
  const bcrypt = `$2y$05$${'a'.repeat(53)}`
  const apr1 = `$apr1$salt1234$${'b'.repeat(22)}`
  const sha = `{SHA}${'c'.repeat(27)}=`

  test('a file of htpasswd keeps its hashes, the first of each name', () => {
    const auth = `# people\nann:${bcrypt}\r\nbob:${apr1}\n\nann:${sha}\ncat:${sha}\n`
    expect(held(secretOf({ auth }), 'basic')).toEqual({
      value: {
        users: [
          { name: 'ann', hash: bcrypt },
          { name: 'bob', hash: apr1 },
          { name: 'cat', hash: sha },
        ],
      },
      messages: [],
    })
  })

  test('a line of plain text or of crypt(3) lets nobody in', () => {
    const { value, messages } = held(
      secretOf({ auth: `ann:secret\nbob:${apr1}\ncat:rl0uE2E2QKN5I` }),
      'basic',
    )
    expect(value?.users.map(({ name }) => name)).toEqual(['bob'])
    expect(messages).toEqual([1, 3].map((n) => `Secret secret: line ${n} of entry auth cannot be read`))
  })

  test('a password of kubernetes.io/basic-auth is hashed with a salt of its own', () => {
    const given = secretOf({ username: 'ann', password: 'correct horse' }, 'kubernetes.io/basic-auth')
    const { value } = held(given, 'basic')
    const [, salt = '', digest] =
      /^\{SSHA256\}([0-9a-f]{32})\$([0-9a-f]{64})$/.exec(value?.users[0]?.hash ?? '') ?? []
    expect(digest).toBe(sha256(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from('correct horse')])))
    expect(held(given, 'basic')).toEqual(held(given, 'basic'))
  })

  test('an empty password lets nobody in', () => {
    const given = secretOf({ username: 'ann', password: '\n' }, 'kubernetes.io/basic-auth')
    expect(read(given, 'basic').record).toBeUndefined()
  })
})

describe('key sets', () => {
  const ec = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }

  test('public keys of all entries, with what a verification needs', () => {
    const set = (...keys: readonly object[]) => JSON.stringify({ keys })
    const given = secretOf({
      jwks: set({ ...ec, x5c: ['more'] }),
      'b.json': set({ kty: 'RSA', n: 'n', e: 'AQAB' }),
      note: 'no set',
    })
    expect(held(given, 'jwks').value).toEqual({ keys: [{ kty: 'RSA', n: 'n', e: 'AQAB' }, ec] })
  })

  test.each([
    { ...ec, d: 'd' },
    { kty: 'oct', k: 'k' },
    { kty: 'RSA', n: 'n', e: 'e', qi: 'q' },
  ])('one private key refuses the whole Secret: %j', (jwk) => {
    const given = secretOf({ jwks: JSON.stringify({ keys: [ec, jwk] }) })
    expect(read(given, 'jwks')).toEqual({
      record: undefined,
      messages: ['Secret secret: entry jwks holds a private or symmetric key'],
    })
  })

  test.each(['', '{}', '{"keys":[]}', '{"keys":[{}]}', '[', '{"keys":[{"kty":"new"}]}'])(
    'no set: %s',
    (jwks) => {
      expect(read(secretOf({ jwks }), 'jwks').messages).toEqual([
        'Secret secret: entry jwks is no JSON Web Key Set',
      ])
    },
  )
})

test('a Secret that is named as two kinds of credential is neither; its certificate is not touched by that', () => {
  const readings = readSecret(pair, ['api-keys', 'certificate', 'client-certificate'], nodeCertificates)
  expect([...readings].map(([use, { record }]) => [use, record?.kind])).toEqual([
    ['api-keys', undefined],
    ['certificate', 'certificate'],
    ['client-certificate', undefined],
  ])
})
