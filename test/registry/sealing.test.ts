import { expect, test } from 'vitest'
import { parseRecord } from '../../src/model/parse-record.ts'
import { ofCluster, type SecretPart } from '../../src/model/secret-part.ts'
import { type PrivateKey, publicPartOf } from '../../src/registry/keys/key.ts'
import { makeKey } from '../../src/registry/keys/make-key.ts'
import { recordId } from '../../src/registry/owner.ts'
import { encryptText } from '../../src/registry/sealing/jwe.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'

const [key, next, stranger] = [await makeKey('X25519'), await makeKey('X25519'), await makeKey('X25519')]
const SECRET = 'the secret itself 🚪'
const id = recordId('credential', 'shop/users')

async function sealed(...keys: readonly PrivateKey[]): Promise<Extract<SecretPart, { form: 'sealed' }>> {
  const jwe = await encryptText(SECRET, 'west', id, keys.map(publicPartOf))
  return { form: 'sealed', tag: '', jwe }
}
const opened = (keys: readonly PrivateKey[], part: SecretPart, cluster = 'west', of = id) =>
  secretOpener(keys, [cluster])(part, of)

test('each gateway that has one of the keys opens, while keys are being changed too', async () => {
  const both = await sealed(next, key)
  expect(await opened([key], both)).toBe(SECRET)
  expect(await opened([next], both)).toBe(SECRET)
  expect(await opened([next, key], await sealed(key))).toBe(SECRET)
  expect(await opened([next, key], await sealed(next))).toBe(SECRET)
})

test('of several clusters, each record opens as one of its own alone', async () => {
  const open = secretOpener([key], ['east', 'west'])
  const one = await sealed(key)
  expect(await open(ofCluster(one, 'west'), id)).toBe(SECRET)
  await expect(open(ofCluster(one, 'east'), id)).rejects.toThrow(
    `Cannot open ${id} of cluster "east": it was sealed for another record`,
  )
  await expect(open(ofCluster(one, 'north'), id)).rejects.toThrow('it was sealed for another record')
})

test('no registry says whose a part is', () => {
  const claimed = { form: 'sealed', tag: '', jwe: '{}', cluster: 'west' }
  const text = JSON.stringify({ type: 'basic', secret: claimed })
  expect(parseRecord('credential', 'shop/users', text).ok).toBe(false)
})

test('what is open needs no key', async () => {
  expect(await opened([], { form: 'open', text: SECRET })).toBe(SECRET)
})

test('the content is nowhere in what is published, and never twice the same', async () => {
  const [one, two] = [await sealed(key), await sealed(key)]
  expect(one.jwe).not.toBe(two.jwe)
  for (const form of [SECRET, Buffer.from(SECRET).toString('base64url')]) expect(one.jwe).not.toContain(form)
})

const part = await sealed(key, next)
const edited = (edit: (jwe: Record<string, string>) => object): SecretPart => ({
  ...part,
  jwe: JSON.stringify(edit(JSON.parse(part.jwe))),
})
const flipped = (text = '') => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)

test.each<[string, () => Promise<string>, string]>([
  ['no key', () => opened([], part), 'it is sealed, and this gateway has no key (--sealing-key)'],
  [
    'another key',
    () => opened([stranger], part),
    `it is sealed to ${key.id}, ${next.id}, and this gateway has ${stranger.id}`,
  ],
  ['another cluster', () => opened([key], part, 'east'), 'it was sealed for another record'],
  [
    'another record',
    () => opened([key], part, 'west', recordId('credential', 'shop/admins')),
    'it was sealed for another record',
  ],
  ['garbage', () => opened([key], { ...part, jwe: '{"ciphertext":1}' }), 'what is sealed is no JWE'],
  ['half of it', () => opened([key], { ...part, jwe: part.jwe.slice(0, 200) }), 'what is sealed is no JWE'],
  [
    'another content',
    () =>
      opened(
        [key],
        edited((jwe) => ({ ...jwe, ciphertext: flipped(jwe.ciphertext) })),
      ),
    `it does not open with key ${key.id}`,
  ],
  [
    'no recipients',
    () =>
      opened(
        [key],
        edited((jwe) => ({ ...jwe, recipients: [] })),
      ),
    'it is sealed to nobody',
  ],
  [
    'the name of a weaker algorithm',
    () => opened([key], { ...part, jwe: part.jwe.replaceAll('ECDH-ES+A256KW', 'ECDH-ES+A128KW') }),
    `it does not open with key ${key.id}`,
  ],
])('with %s nothing opens, and the error says why but not what', async (_what, open, why) => {
  const error = await open().then(
    () => undefined,
    (reason: Error) => reason,
  )
  expect(error?.message).toContain(why)
  expect(error?.message).toMatch(
    /^Cannot open \["credential","shop\/(users|admins)"\] of cluster "(west|east)": /,
  )
  expect(error?.message).not.toContain(SECRET)
})
