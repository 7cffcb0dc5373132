import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Compilation } from '../../../src/compile/compilation.ts'
import { nodeCertificates } from '../../../src/compile/secrets/certificate-reader.node.ts'
import { readSecret } from '../../../src/compile/secrets/read-secret.ts'
import type { SecretUse } from '../../../src/compile/secrets/reference.ts'
import { parseObject } from '../../../src/model/objects/object.ts'
import { collectManifests } from '../../../src/source/collect.ts'
import { parseManifest } from '../../../src/source/parse.ts'
import { compileOptions } from '../../support/compile.ts'
import { objectOf } from '../../support/pairs.ts'

/** Made of signs that no text of ours has six of in a row. */
const hidden = fc.stringMatching(/^[QXZJ0189_]{6,40}$/)

/** A hidden text in every place where a reader may trip over it. */
const shapes: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `${text}\n`,
  (text) => `${text} ${text}`,
  (text) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`,
  (text) => `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`,
  (text) => `${text}:${text}`,
  (text) => `user:${text}\n${text}`,
  (text) => `user:$apr1$${text}$${text}`,
  (text) => `{"keys": ${text}`,
  (text) => JSON.stringify({ keys: [{ kty: text }] }),
  (text) => JSON.stringify({ keys: [{ kty: 'RSA', d: text }] }),
  (text) => JSON.stringify({ keys: text }),
]
const content = fc.tuple(hidden, fc.constantFrom(...shapes))
const NAMES = ['tls.crt', 'tls.key', 'ca.crt', 'auth', 'jwks', 'a.json', 'username', 'password', 'id']
const data = fc.dictionary(fc.constantFrom(...NAMES), content, { minKeys: 1 })
const TYPES = [
  'Opaque',
  'kubernetes.io/tls',
  'kubernetes.io/basic-auth',
  'kubernetes.io/service-account-token',
]
const USES: readonly SecretUse[] = [
  ...(['certificate', 'api-keys', 'basic', 'jwks', 'authority', 'client-certificate'] as const),
]

function expectUntold(said: unknown, secrets: Iterable<string>): void {
  const text = JSON.stringify(said ?? null)
  for (const secret of secrets) {
    for (let at = 0; at + 6 <= secret.length; at++) expect(text).not.toContain(secret.slice(at, at + 6))
  }
}

test('no fault of any reading holds anything of a Secret', () => {
  fc.assert(
    fc.property(data, fc.constantFrom(...TYPES), fc.constantFrom(...USES), (entries, type, use) => {
      const stringData = Object.fromEntries(
        Object.entries(entries).map(([name, [text, shape]]) => [name, shape(text)]),
      )
      const object = objectOf({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, type, stringData })
      if (object.kind !== 'Secret') throw new Error('That was no Secret')
      const [reading] = readSecret(object, [use], nodeCertificates).values()
      const hiddens = Object.values(entries).map(([text]) => text)
      expectUntold(reading?.faults, hiddens)
      // Only what is public goes on as it is: certificates, hashes and public keys.
      if (use === 'api-keys') expectUntold(reading?.record, hiddens)
    }),
    { numRuns: 1000 },
  )
})

test('no problem of an object that cannot be read, nor of broken YAML, holds anything of a Secret', () => {
  const broken: readonly ((text: string) => object)[] = [
    (text) => ({ data: text }),
    (text) => ({ data: [text] }),
    (text) => ({ data: { a: [text] } }),
    (text) => ({ data: { a: { [text]: text } } }),
    (text) => ({ stringData: text }),
    (text) => ({ type: [text], data: { a: text } }),
    (text) => ({ metadata: { name: 'x', annotations: text } }),
  ]
  fc.assert(
    fc.property(hidden, fc.constantFrom(...broken), (text, shape) => {
      const raw = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, ...shape(text) }
      expectUntold(parseObject(raw), [text].slice(0, parseObject(raw).type === 'problems' ? 1 : 0))
    }),
  )
  const yamls: readonly ((text: string) => string)[] = [
    (text) => `a: "${text}`,
    (text) => `a: ${text}: ${text}`,
    (text) => `a: *${text}`,
    (text) => `a: !${text} [`,
    (text) => `a: "\\${text}"`,
    (text) => `a: b\n${text}\n  c`,
    (text) => `a: [${text}\n${text}: x`,
    (text) => `${text}: x\n${text}: y`,
    (text) => `%${text}`,
  ]
  fc.assert(
    fc.property(hidden, fc.constantFrom(...yamls), (text, shape) => {
      const lines = shape(text).split('\n').join('\n  ')
      const yaml = `apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  ${lines}\n`
      const manifest = parseManifest(yaml, 'x.yaml')
      const { problems } = collectManifests([manifest])
      expectUntold(problems, [text])
      expect(manifest.isWhole || problems.length > 0).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('no problem on the Services that name a Secret holds anything of it', () => {
  const web = objectOf({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      annotations: { 'postern.dev/expose': 'true', 'postern.dev/tls-secret': 'x' },
    },
    spec: { ports: [{ port: 80 }] },
  })
  fc.assert(
    fc.property(data, fc.constantFrom(...TYPES), (entries, type) => {
      const stringData = Object.fromEntries(
        Object.entries(entries).map(([name, [text, shape]]) => [name, shape(text)]),
      )
      const secret = objectOf({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, type, stringData })
      const changes = new Compilation(compileOptions).apply([
        { type: 'put', object: web },
        { type: 'put', object: secret },
      ])
      const problems = changes.filter(({ kind }) => kind === 'problem')
      expect(problems).not.toEqual([])
      expectUntold(
        problems,
        Object.values(entries).map(([text]) => text),
      )
    }),
  )
})
