import { CompactSign, importJWK } from 'jose'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { Statement } from '../../src/registry/head.ts'
import { type PrivateKey, publicPartOf } from '../../src/registry/keys/key.ts'
import { makeKey } from '../../src/registry/keys/make-key.ts'
import { HeadSigner, SignedHeads } from '../../src/registry/signed-heads.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'

const statement: Statement = {
  schema: 1,
  cluster: 'west',
  position: { epoch: 3, revision: 7 },
  observedAt: 1,
  root: 'aa',
  news: { receivedAt: 1 },
}
const [key, other] = [await makeKey('Ed25519'), await makeKey('Ed25519')]
const heads = new SignedHeads([publicPartOf(key)])
const { text } = await new HeadSigner(key).write(statement)
const [header = '', payload = '', signature = ''] = text.split('.')

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const read = (reader: SignedHeads, what: string | undefined, cluster = 'west') =>
  reader.read(what, cluster, 'here')

async function sign(
  by: PrivateKey,
  protectedHeader: Record<string, unknown>,
  what = encodeCanonical(statement),
) {
  const { alg = 'Ed25519', ...others } = protectedHeader
  const jwk = await importJWK({ ...by.jwk }, 'Ed25519')
  return await new CompactSign(new TextEncoder().encode(what))
    .setProtectedHeader({ alg: String(alg), ...others })
    .sign(jwk, { crit: { exp: true } })
}

test('what was signed is read, and passed on as it came', async () => {
  expect(await read(heads, text)).toEqual({ ...statement, text })
  expect(await read(heads, text)).toEqual({ ...statement, text })
})

test('while keys are being changed both are trusted, and then the new one alone', async () => {
  const both = new SignedHeads([other, key].map(publicPartOf))
  const next = await new HeadSigner(other).write(statement)
  expect(await read(both, text)).toMatchObject(statement)
  expect(await read(both, next.text)).toMatchObject(statement)
  const one = new SignedHeads([publicPartOf(other)])
  expect(await read(one, next.text)).toMatchObject(statement)
  await expect(read(one, text)).rejects.toThrow(
    `Cannot use the head of cluster "west" at 3-7 (here): it is signed by key "${key.id}", which is not trusted here: ${other.id}`,
  )
})

test('a head that is known for one cluster is not taken for another', async () => {
  await read(heads, text)
  await expect(read(heads, text, 'east')).rejects.toThrow(
    `Cannot use the head of cluster "east" at 3-7 (here): it is cluster "west"'s`,
  )
})

test('EdDSA is what Ed25519 was called before', async () => {
  const old = await sign(key, { alg: 'EdDSA', kid: key.id, typ: 'postern-head' })
  expect(await read(heads, old)).toMatchObject(statement)
})

const good = { alg: 'Ed25519', kid: key.id, typ: 'postern-head' }
const named = 'Cannot use the head of cluster "west" at 3-7 (here): '

test.each<[string, string | undefined, string]>([
  ['nothing', undefined, 'Cannot use the head of cluster "west" (here): it is no head'],
  ['garbage', 'garbage', 'Cannot use the head of cluster "west" (here): it is no head'],
  ['no signature', encodeCanonical(statement), `${named}it is not signed`],
  ['an empty signature', `${header}.${payload}.`, `${named}its signature is not that of key ${key.id}`],
  ['half a signature', text.slice(0, -40), `${named}its signature is not that of key ${key.id}`],
  [
    "another head's signature",
    `${header}.${base64({ ...statement, observedAt: 2 })}.${signature}`,
    'its signature is not that',
  ],
  [
    'news that nobody signed',
    `${header}.${base64({ ...statement, news: { receivedAt: 2 } })}.${signature}`,
    'its signature is not that',
  ],
  [
    'an algorithm of none',
    `${base64({ ...good, alg: 'none' })}.${payload}.`,
    `${named}its signature is of algorithm "none", not Ed25519`,
  ],
  [
    'a secret as a key',
    `${base64({ ...good, alg: 'HS256' })}.${payload}.${signature}`,
    'is of algorithm "HS256"',
  ],
  [
    'no key',
    `${base64({ alg: good.alg, typ: good.typ })}.${payload}.${signature}`,
    `${named}it is signed by key none, which is not trusted here: ${key.id}`,
  ],
  ["another key's name", await sign(other, good), `${named}its signature is not that of key ${key.id}`],
  [
    'an unknown key',
    await sign(other, { ...good, kid: other.id }),
    `${named}it is signed by key "${other.id}", which`,
  ],
  [
    'a key that it brings along',
    await sign(other, { ...good, jwk: publicPartOf(other).jwk }),
    'has the field "jwk", which is not known here',
  ],
  [
    'what must be understood',
    await sign(key, { ...good, crit: ['exp'], exp: 1 }),
    'has the field "crit", which is not known here',
  ],
  [
    'something else that the key signed',
    await sign(key, { ...good, typ: 'JWT' }),
    `what is signed is of type "JWT", not "postern-head"`,
  ],
  [
    'no head in it',
    await sign(key, good, '{"schema":2}'),
    'Cannot use the head of cluster "west" (here): it is no head',
  ],
])('a head with %s is refused', async (_what, given, why) => {
  await expect(read(heads, given)).rejects.toThrow(why)
})

test('who asks for no signature takes signed heads as well, of its own cluster', async () => {
  expect(await anyHeads.read(text, 'west', 'here')).toEqual({ ...statement, text })
  await expect(anyHeads.read(text, 'east', 'here')).rejects.toThrow(`it is cluster "west"'s`)
})
