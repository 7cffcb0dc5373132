import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { type Curve, publicPartOf } from '../../src/registry/keys/key.ts'
import { parsePrivateJwks, parsePrivateKeys, parsePublicKeys } from '../../src/registry/keys/key-file.ts'
import { makeKey } from '../../src/registry/keys/make-key.ts'

function pems(curve: Curve): { readonly publicPem: string; readonly privatePem: string } {
  const { publicKey, privateKey } =
    curve === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
  return {
    publicPem: `${publicKey.export({ type: 'spki', format: 'pem' })}`,
    privatePem: `${privateKey.export({ type: 'pkcs8', format: 'pem' })}`,
  }
}

test.each<Curve>(['Ed25519', 'X25519'])('an id is the thumbprint of RFC 7638: %s', async (curve) => {
  const { id, jwk } = await makeKey(curve)
  expect(id).toBe(await calculateJwkThumbprint({ ...jwk }))
})

test.each<Curve>(['Ed25519', 'X25519'])(
  'PEM, one JSON Web Key and a set of them give the same: %s',
  async (curve) => {
    const { publicPem, privatePem } = pems(curve)
    const [key] = await parsePrivateKeys(privatePem, curve)
    if (key === undefined) throw new Error('no key')
    const own = publicPartOf(key)
    expect(parsePublicKeys(publicPem, curve)).toEqual([own])
    expect(parsePublicKeys(JSON.stringify(own.jwk), curve)).toEqual([own])
    // What else a set says of a key decides nothing; the same key twice is one.
    const set = { keys: [{ ...own.jwk, kid: 'mine', use: 'sig' }, own.jwk] }
    expect(parsePublicKeys(JSON.stringify(set), curve)).toEqual([own])
    expect(await parsePrivateKeys(JSON.stringify(key.jwk), curve)).toEqual([key])
    const second = pems(curve).publicPem
    expect(parsePublicKeys(publicPem + second, curve)).toHaveLength(2)
  },
)

const ed = await makeKey('Ed25519')

test.each<[string, string, string]>([
  ['nothing', '', 'it is neither JSON'],
  ['an empty set', '{"keys":[]}', 'it holds no key'],
  ['a private key', JSON.stringify(ed.jwk), 'key 1: it is a private key: only its public part belongs here'],
  ['a private key in PEM', pems('Ed25519').privatePem, 'key 1: it is a private key'],
  [
    'a certificate',
    '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
    'key 1: it is a CERTIFICATE',
  ],
  ['a key of another curve', pems('X25519').publicPem, 'key 1: it is no key of curve Ed25519'],
  ['a key of another kind', '{"keys":[{"kty":"RSA"}]}', 'key 1: its member "kty" is missing or wrong'],
  [
    'half a key',
    JSON.stringify({ ...publicPartOf(ed).jwk, x: 'AAAA' }),
    'key 1: its member "x" is missing or wrong',
  ],
  [
    'another spelling of a key',
    JSON.stringify({ ...publicPartOf(ed).jwk, x: `${'A'.repeat(42)}B` }),
    '"x" is missing',
  ],
  [
    'seventeen keys',
    JSON.stringify({ keys: Array(17).fill(publicPartOf(ed).jwk) }),
    'it holds 17 keys, more than 16',
  ],
])('%s is no file of trusted keys', (_what, text, why) => {
  expect(() => parsePublicKeys(text, 'Ed25519')).toThrow(why)
})

test('what is wrong with a private key is told without it', async () => {
  const broken = JSON.stringify({ ...ed.jwk, x: 'short' })
  expect(() => parsePrivateJwks(broken, 'Ed25519')).toThrow(/^key 1: its member "x" is missing or wrong$/)
  const { privatePem } = pems('X25519')
  await expect(parsePrivateKeys(privatePem, 'Ed25519')).rejects.toThrow(
    /^key 1: it is no PKCS #8 key of curve Ed25519$/,
  )
  await expect(parsePrivateKeys(`{"d":"${ed.jwk.d}`, 'Ed25519')).rejects.toThrow(
    /^it is neither JSON \(a key or a set of keys\) nor PEM$/,
  )
})
