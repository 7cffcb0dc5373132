import type { Random } from '../../../src/model/clock.ts'
import { chance, choose, chooseSome } from './chances.ts'
import { edgesOf } from './edges.ts'

export interface Ask {
  readonly client: string
  readonly port: number
}

/** Objects as the API server has them; of the Pods' namespace, and of another. */
export interface Scene {
  readonly policies: readonly object[]
  readonly pods: readonly ScenePod[]
  readonly asks: readonly Ask[]
}

export interface ScenePod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels }
  readonly spec: { readonly hostNetwork?: true; readonly containers: readonly object[] }
  readonly status: { readonly podIP: string; readonly conditions: readonly object[] }
}

type Labels = Readonly<Record<string, string>>

export const NAMESPACE = 'shop'
export const PORTS = [80, 8080, 8081, 9090] as const
/** Every Pod has it, for the Services. */
export const OWN_LABEL = { part: 'scene' } as const

const KEYS = ['app', 'tier', 'env'] as const
const VALUES = ['a', 'b', ''] as const
const NAMES = ['http', 'admin', 'dns'] as const
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const BASES = [
  '198.51.100.77',
  '203.0.113.0',
  '10.200.3.255',
  '0.0.0.0',
  '255.255.255.255',
  '128.0.0.1',
] as const
const BASES_V6 = ['2001:db8:1:2::7', '2001:db8::', 'fd00:ffff::1', '::1', 'ffff:ffff::', '8000::'] as const
const BITS = [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 30, 31, 32] as const
const BITS_V6 = [0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 95, 96, 97, 126, 127, 128] as const

interface Block {
  readonly cidr: string
  readonly except?: readonly string[]
}

/** One made-up namespace, and clients that stand on the edges of its blocks. */
export function makeScene(random: Random): Scene {
  const blocks: Block[] = []
  const policies = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, i) => policy(random, i, blocks))
  const pods = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, i) => pod(random, i))
  const cidrs = blocks.flatMap(({ cidr, except = [] }) => [cidr, ...except])
  const known = [...new Set([...cidrs.flatMap(edgesOf), '192.0.2.1', '2001:db8:9::9', '::ffff:203.0.113.7'])]
  const asks = PORTS.flatMap((port) => chooseSome(random, known, 10).map((client) => ({ client, port })))
  return { policies, pods, asks }
}

function pod(random: Random, index: number): ScenePod {
  const containers = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
    name: 'c',
    ports: chooseSome(random, PORTS, 2).map((containerPort) => ({
      ...(chance(random, 0.7) && { name: choose(random, NAMES) }),
      ...(chance(random, 0.5) && { protocol: choose(random, PROTOCOLS) }),
      containerPort,
    })),
  }))
  return {
    metadata: { name: `pod-${index}`, namespace: NAMESPACE, labels: { ...labels(random), ...OWN_LABEL } },
    spec: { ...(chance(random, 0.05) && { hostNetwork: true }), containers },
    status: { podIP: `10.244.0.${index + 1}`, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

function policy(random: Random, index: number, blocks: Block[]): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${index}`, namespace: chance(random, 0.9) ? NAMESPACE : 'other' },
    spec: {
      podSelector: selector(random),
      ...choose(random, [
        {},
        { policyTypes: ['Ingress'] },
        { policyTypes: ['Ingress', 'Egress'] },
        { policyTypes: ['Egress'] },
        { egress: [{}] },
      ]),
      ...(chance(random, 0.85) && {
        ingress: Array.from({ length: Math.floor(random() * 4) }, () => rule(random, blocks)),
      }),
    },
  }
}

function rule(random: Random, blocks: Block[]): object {
  const hasFrom = chance(random, 0.85)
  const hasPorts = chance(random, 0.7)
  return {
    ...(hasFrom && { from: Array.from({ length: Math.floor(random() * 4) }, () => peer(random, blocks)) }),
    ...(hasPorts && { ports: Array.from({ length: Math.floor(random() * 4) }, () => port(random)) }),
  }
}

function peer(random: Random, blocks: Block[]): object {
  if (chance(random, 0.75)) {
    const ipBlock = block(random)
    blocks.push(ipBlock)
    return { ipBlock }
  }
  return choose(random, [
    { podSelector: selector(random) },
    { namespaceSelector: selector(random) },
    { podSelector: selector(random), namespaceSelector: selector(random) },
  ])
}

function block(random: Random): Block {
  const isV4 = chance(random, 0.6)
  const [base, bits] = isV4
    ? [choose(random, BASES), choose(random, BITS)]
    : [choose(random, BASES_V6), choose(random, BITS_V6)]
  const width = isV4 ? 32 : 128
  const isMapped = isV4 && chance(random, 0.1)
  const text = (address: string, length: number) =>
    isMapped || (isV4 && chance(random, 0.03)) ? `::ffff:${address}/${96 + length}` : `${address}/${length}`
  const holes = Array.from({ length: Math.floor(random() * 3) }, () =>
    text(
      choose(random, [base, ...edgesOf(`${base}/${bits}`).slice(0, 2)]),
      Math.min(width, bits + 1 + Math.floor(random() * 9)),
    ),
  )
  return { cidr: text(base, bits), ...(holes.length > 0 && { except: holes }) }
}

function port(random: Random): object {
  const protocol = chance(random, 0.5) ? { protocol: choose(random, PROTOCOLS) } : {}
  const first = choose(random, [1, 79, 80, 81, 8080, 8081, 9090, 65_535])
  return choose(random, [
    { ...protocol, port: choose(random, PORTS) },
    { ...protocol, port: first },
    { ...protocol, port: first, endPort: Math.min(65_535, first + choose(random, [0, 1, 9, 8_000])) },
    { ...protocol, port: choose(random, NAMES) },
    { ...protocol },
  ])
}

function selector(random: Random): object {
  if (chance(random, 0.25)) return {}
  return {
    ...(chance(random, 0.6) && { matchLabels: labels(random) }),
    ...(chance(random, 0.5) && {
      matchExpressions: Array.from({ length: 1 + Math.floor(random() * 2) }, () => expression(random)),
    }),
  }
}

function expression(random: Random): object {
  const key = choose(random, KEYS)
  return chance(random, 0.6)
    ? { key, operator: choose(random, ['In', 'NotIn']), values: chooseSome(random, VALUES, 2) }
    : { key, operator: choose(random, ['Exists', 'DoesNotExist']) }
}

function labels(random: Random): Labels {
  return Object.fromEntries(chooseSome(random, KEYS, 2).map((key) => [key, choose(random, VALUES)]))
}
