import { expect, test } from 'vitest'
import { Sealer } from '../../src/agent/sealer.ts'
import { hasSecret, secretOf } from '../../src/agent/secret-change.ts'
import { WithheldSecrets } from '../../src/agent/withheld-secrets.ts'
import type { RecordChange } from '../../src/compile/compilation.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { SecretPart } from '../../src/model/secret-part.ts'
import { type PrivateKey, publicPartOf } from '../../src/registry/keys/key.ts'
import { makeKey } from '../../src/registry/keys/make-key.ts'
import { recordId } from '../../src/registry/owner.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { deriveTagKey } from '../../src/registry/sealing/tag.ts'

const [signing, key, next] = [await makeKey('Ed25519'), await makeKey('X25519'), await makeKey('X25519')]
const node: RecordChange = { kind: 'node', key: 'n', value: null }

function credential(key: string, text: string): RecordChange {
  return { kind: 'credential', key, value: { type: 'basic', secret: { form: 'open', text } } }
}

function certificate(key: string, text: string): RecordChange {
  const facts = { hosts: [], notBefore: 0, notAfter: 1, chain: 'PEM' }
  return { kind: 'certificate', key, value: { ...facts, key: { form: 'open', text } } }
}

interface Setting {
  readonly keys?: readonly PrivateKey[]
  readonly signedBy?: PrivateKey
  readonly held?: readonly StoredRecord[]
}

function sealer({ keys = [key], signedBy = signing, held = [] }: Setting = {}) {
  const troubles: string[] = []
  const made = new Sealer({
    cluster: 'west',
    recipients: keys.map(publicPartOf),
    tagKey: deriveTagKey(signedBy),
    held: async () => held,
    onTrouble: ({ message }) => troubles.push(message),
  })
  return { seal: (...changes: RecordChange[]) => made.seal(changes), troubles }
}

const parts = (changes: readonly RecordChange[]): SecretPart[] =>
  changes.flatMap((change) => (hasSecret(change) ? secretOf(change) : []))
const stored = (changes: readonly RecordChange[]): StoredRecord[] =>
  changes.flatMap(({ kind, key, value }) =>
    value === null ? [] : { kind, key, text: encodeCanonical(value) },
  )
const open = (change: RecordChange | undefined, by = key) => {
  if (change === undefined || !hasSecret(change)) throw new Error('no secret')
  return secretOpener([by], ['west'])(secretOf(change), recordId(change.kind, change.key))
}

test('every secret part is sealed, in the order of the changes, and all else stays as it is', async () => {
  const [first, second, third] = await sealer().seal(
    credential('a/b', 'one'),
    node,
    certificate('a/c', 'two'),
  )
  expect(second).toBe(node)
  expect(parts([first, third].filter((change) => change !== undefined)).map(({ form }) => form)).toEqual([
    'sealed',
    'sealed',
  ])
  expect([await open(first), await open(third)]).toEqual(['one', 'two'])
  expect(JSON.stringify([first, third])).not.toMatch(/"one"|"two"|"open"/)
})

test('it is sealed again only when the content changes', async () => {
  const { seal } = sealer()
  const first = await seal(credential('a/b', 'one'))
  expect(await seal(credential('a/b', 'one'))).toEqual(first)
  const changed = await seal(credential('a/b', 'two'))
  expect(await open(changed[0])).toBe('two')
  expect(parts(changed)).not.toEqual(parts(first))
})

test('a new leader goes on with what the registry holds; with other keys it is sealed anew', async () => {
  const first = await sealer().seal(credential('a/b', 'one'), certificate('a/b', 'one'))
  const held = stored(first)
  const again = [credential('a/b', 'one'), certificate('a/b', 'one')]
  expect(await sealer({ held }).seal(...again)).toEqual(first)
  const rotated = await sealer({ held, keys: [next, key] }).seal(...again)
  expect(await open(rotated[0], next)).toBe('one')
  expect(parts(rotated)).not.toEqual(parts(first))
  expect(parts(await sealer({ held, signedBy: await makeKey('Ed25519') }).seal(...again))).not.toEqual(
    parts(first),
  )
})

test('what somebody else has put under a true tag is not published on', async () => {
  const [mine, other] = await sealer().seal(credential('a/b', 'one'), credential('a/c', 'other'))
  const [true_, foreign] = parts([mine, other].filter((change) => change !== undefined))
  if (true_?.form !== 'sealed' || foreign?.form !== 'sealed') throw new Error('not sealed')
  const forged = { type: 'basic', secret: { ...true_, jwe: foreign.jwe } }
  const held = [{ kind: 'credential', key: 'a/b', text: JSON.stringify(forged) }]
  const [sealed] = await sealer({ held }).seal(credential('a/b', 'one'))
  expect(await open(sealed)).toBe('one')
})

test('a registry that cannot be read is told, and everything is sealed anew', async () => {
  const troubles: string[] = []
  const made = new Sealer({
    cluster: 'west',
    recipients: [publicPartOf(key)],
    tagKey: deriveTagKey(signing),
    held: () => Promise.reject(new Error('away')),
    onTrouble: ({ message }) => troubles.push(message),
  })
  expect(await open((await made.seal([credential('a/b', 'one')]))[0])).toBe('one')
  expect(troubles).toEqual(['away'])
})

test('without a key of the gateways no secret goes out, and each is told of until it is gone', () => {
  const withheld = new WithheldSecrets()
  const first = withheld.take([credential('shop/users', 'one'), node])
  expect(first.changes).toEqual([{ kind: 'credential', key: 'shop/users', value: null }, node])
  expect(first.problems).toMatchObject([
    { code: 'secret-unsealed', kind: 'Secret', namespace: 'shop', name: 'users' },
  ])
  expect(withheld.take([credential('shop/users', 'two'), node]).problems).toBeUndefined()
  const gone = withheld.take([{ kind: 'credential', key: 'shop/users', value: null }])
  expect(gone.problems).toEqual([])
})
