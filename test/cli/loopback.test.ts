import { afterEach, describe, expect, test } from 'vitest'
import { parseCidrs } from '../../src/cli/address-values.ts'
import { LOOPBACK, loopbackAmong } from '../../src/cli/loopback.ts'
import { postern } from '../support/postern-cli.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'

/** Pods that are processes of this machine, one of them by its `status` and one in a slice of our own. */
const SAMPLE = 'examples/shop/manifests'
const BY_HAND = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'own', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
    spec: { ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'own-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'own' } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  },
]
const stdin = BY_HAND.map((object) => JSON.stringify(object)).join('\n---\n')
const named = ['--allow-endpoint-cidrs', '127.0.0.0/8']
const wider = ['--allow-endpoint-cidrs', '0.0.0.0/0']

let up: ServingProcess | undefined
afterEach(async () => {
  await up?.stop()
  up = undefined
})

async function refusals(args: readonly string[], input?: string): Promise<string[]> {
  const { stdout } = await postern(['check', '--json', ...args], input)
  const { problems }: { problems: { code: string; message: string }[] } = JSON.parse(stdout)
  return problems.filter(({ code }) => code === 'endpoint-refused').map(({ message }) => message)
}

describe('manifests whose endpoints lie on this machine', () => {
  test.each([
    ['as a cluster would', []],
    ['though a wider block holds it', wider],
  ])('check refuses them, %s', async (_why, flags) => {
    for (const found of [
      await refusals(['--manifests', SAMPLE, ...flags]),
      await refusals(['--manifests', '-', ...flags], stdin),
    ]) {
      expect(found.length).toBeGreaterThan(0)
      for (const message of found) expect(message).toContain('127.0.0.1 is not an address for endpoints')
    }
  })

  test('check takes them where the operator names loopback', async () => {
    expect(await refusals(['--manifests', SAMPLE, ...named])).toEqual([])
    expect(await refusals(['--manifests', '-', ...named], stdin)).toEqual([])
  })

  test('routes, names and explain see them then, and not otherwise', async () => {
    const ask = async (...args: readonly string[]) => (await postern(args, stdin)).stdout
    const onFiles = ['--manifests', SAMPLE]
    expect(await ask('routes', ...onFiles, ...named)).toMatch(/carts\.shop\.localhost .* 2 /)
    expect(await ask('routes', ...onFiles)).toMatch(/carts\.shop\.localhost .* 0 /)
    expect(await ask('names', ...onFiles, ...named)).toContain('carts-0.carts.shop.localhost')
    expect(await ask('names', ...onFiles)).not.toContain('carts-0.carts.shop.localhost')
    const explain = ['explain', 'own.shop.localhost', '--manifests', '-']
    expect(await ask(...explain, ...named)).toContain('→ forwarded to 127.0.0.1:8080')
    expect(await ask(...explain)).toContain('→ 503')
  })

  test('up takes them as they are', async () => {
    up = await startServing(['up', '--manifests', SAMPLE])
    const { problems } = (await (await fetch(`${up.console}/api/problems`)).json()) as {
      problems: { code: string }[]
    }
    expect(problems.map(({ code }) => code)).not.toContain('endpoint-refused')
  })
})

test.each([
  ['127.0.0.0/8,::1', 2],
  ['127.0.0.1', 1],
  ['0.0.0.0/0,126.0.0.0/7,::/0,::/127', 0],
  ['10.0.0.0/8,::ffff:127.0.0.1', 1],
])('of %s %i blocks are loopback', (text, count) => {
  const cidrs = parseCidrs(text)
  expect(cidrs.ok && loopbackAmong(cidrs.value)).toHaveLength(count)
})

test('what up takes is loopback', () => {
  expect(LOOPBACK.map(([network]) => network.range())).toEqual(['loopback', 'loopback'])
})
