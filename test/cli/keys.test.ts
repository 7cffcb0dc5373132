import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { makeRing, retireRing, rotateRing } from '../../src/cli/keys/key-ring.ts'
import { formatRing, formatSecrets, parseSecrets, ringJson } from '../../src/cli/keys/key-secrets.ts'
import { postern } from '../support/postern-cli.ts'

const ring = await makeRing()

test('the agent signs and cannot open, gateways open and cannot sign', () => {
  const [agent = '', gateway = ''] = formatSecrets(ring, 'edge').split('---\n')
  const [signing, sealing] = [ring.signing.jwk.d, ring.sealing[0].jwk.d]
  expect([agent.includes(signing), agent.includes(sealing)]).toEqual([true, false])
  expect([gateway.includes(signing), gateway.includes(sealing)]).toEqual([false, true])
  expect(parse(agent)).toMatchObject({
    kind: 'Secret',
    metadata: { name: 'postern-agent-keys', namespace: 'edge' },
  })
})

test('what was printed is read again, also as kubectl gives it', () => {
  const text = formatSecrets(ring, 'edge')
  expect(parseSecrets(text)).toEqual(ring)
  const items = text.split('---\n').map((document) => {
    const { stringData, ...secret } = parse(document)
    const data = Object.entries<string>(stringData).map(([name, plain]) => [name, btoa(plain)])
    return { ...secret, data: Object.fromEntries(data) }
  })
  expect(parseSecrets(stringify({ apiVersion: 'v1', kind: 'List', items }))).toEqual(ring)
})

test('new keys stand beside those in use, and only beside these', async () => {
  const second = await rotateRing(ring)
  expect(second.signing).not.toEqual(ring.signing)
  expect(second.trusted).toEqual([expect.anything(), ...ring.trusted])
  expect(second.sealing).toEqual([expect.anything(), ...ring.sealing])
  const third = await rotateRing(second)
  expect(third.trusted).toEqual([expect.anything(), second.trusted[0]])
  expect(third.sealing).toEqual([expect.anything(), second.sealing[0]])
  const last = retireRing(second)
  expect([last.trusted, last.sealing]).toEqual([[second.trusted[0]], [second.sealing[0]]])
  expect(last.signing).toEqual(second.signing)
})

test('what is printed for people and machines holds nothing private', () => {
  for (const text of [formatRing(ring), ringJson(ring)]) {
    expect(text).toContain(ring.signing.id)
    expect(text).not.toContain(ring.signing.jwk.d)
    expect(text).not.toContain(ring.sealing[0].jwk.d)
  }
})

test.each([
  ['nothing', '', 'there is no Secret postern-agent-keys with signing.jwk'],
  [
    'half of them',
    formatSecrets(ring, 'edge').split('---\n')[0] ?? '',
    'there is no Secret postern-gateway-keys with trusted.jwks',
  ],
  [
    'another key',
    formatSecrets(ring, 'edge').replaceAll('Ed25519', 'X25519'),
    'signing.jwk in Secret postern-agent-keys: key 1: it is of curve X25519',
  ],
])('%s is refused, and says nothing of keys', (_what, text, why) => {
  expect(() => parseSecrets(text)).toThrow(why)
})

test('the program makes, changes and prints them', async () => {
  const made = await postern(['keys', 'make'])
  const rotated = await postern(['keys', 'make', '--rotate', '-'], made.stdout)
  const retired = await postern(['keys', 'make', '--retire', '-'], rotated.stdout)
  expect(parseSecrets(retired.stdout)).toEqual(retireRing(parseSecrets(rotated.stdout)))
  const printed = await postern(['keys', 'print', '--keys', '-'], rotated.stdout)
  expect(printed.stdout).toBe(`${formatRing(parseSecrets(rotated.stdout))}\n`)
  const missing = await postern(['keys', 'print', '--keys', '-'], 'kind: Secret')
  expect([missing.code, missing.stderr]).toEqual([
    1,
    'postern: Cannot read the keys in -: there is no Secret postern-agent-keys with signing.jwk\n',
  ])
})
