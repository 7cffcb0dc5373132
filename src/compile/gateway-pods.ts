import { parseCidr } from '../model/address.ts'
import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import { matchesSelector } from '../model/objects/selector.ts'
import type { Labels } from './backing.ts'

/** The gateways' Pods, as a NetworkPolicy would name them. */
export interface GatewayPods {
  readonly namespace: string
  readonly labels: Labels
}

/** The label that the API server puts on every Namespace. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

type IngressRule = Exclude<Exclude<NetworkPolicy['spec']['ingress'], 'unreadable'>[number], 'unreadable'>
type Peer = Exclude<IngressRule['from'][number], 'unreadable'>

/**
 * Whether a rule's peers admit the gateways' Pods.
 * @param namespaceLabels of the gateways' Namespace; undefined when it has not been seen: in doubt it is admitted
 */
export function admitsGateway(
  { from }: IngressRule,
  namespace: string,
  gateway: GatewayPods,
  namespaceLabels: Labels | undefined,
): boolean {
  return (
    from.length === 0 ||
    from.some((peer) => {
      if (peer === 'unreadable') return false
      return peer.ipBlock === undefined
        ? isSelected(peer, namespace, gateway, namespaceLabels)
        : isEveryone(peer.ipBlock)
    })
  )
}

/** The rule that admits the gateways' Pods, as it is written in `spec.ingress`. */
export function gatewayRule({ namespace, labels }: GatewayPods, ports: readonly number[]): string {
  const pods = Object.entries(labels).map(([key, value]) => `${key}: ${value}`)
  return (
    `{from: [{namespaceSelector: {matchLabels: {${NAME_LABEL}: ${namespace}}}, ` +
    `podSelector: {matchLabels: {${pods.join(', ')}}}}]${portsPart(ports)}}`
  )
}

/** The rule that admits every client, as it is written in `spec.ingress`. */
export function clientsRule(ports: readonly number[]): string {
  return `{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "::/0"}}]${portsPart(ports)}}`
}

/** No ports: all of them. */
function portsPart(ports: readonly number[]): string {
  return ports.length === 0 ? '' : `, ports: [${ports.map((port) => `{port: ${port}}`).join(', ')}]`
}

function isSelected(
  { podSelector, namespaceSelector }: Peer,
  namespace: string,
  gateway: GatewayPods,
  namespaceLabels: Labels | undefined,
): boolean {
  if (podSelector === 'unreadable' || namespaceSelector === 'unreadable') return false
  if (podSelector !== undefined && !matchesSelector(podSelector, gateway.labels)) return false
  if (namespaceSelector === undefined) return podSelector !== undefined && namespace === gateway.namespace
  const known = { ...namespaceLabels, [NAME_LABEL]: gateway.namespace }
  if (matchesSelector(namespaceSelector, known)) return true
  const named = namespaceSelector.matchLabels[NAME_LABEL]
  return namespaceLabels === undefined && (named === undefined || named === gateway.namespace)
}

/** Ranges, as ipaddr.js names them, in which Pods have their addresses. */
const POD_RANGES: ReadonlySet<string> = new Set(['private', 'carrierGradeNat', 'uniqueLocal'])

/**
 * Most CNIs read an ipBlock of all addresses as everyone, Pods too, save for exceptions among which Pods may be; of a
 * narrower block nobody knows here.
 */
function isEveryone({
  cidr,
  except,
}: {
  readonly cidr: string
  readonly except: readonly string[]
}): boolean {
  return parseCidr(cidr)?.[1] === 0 && !except.some(mayHoldPods)
}

function mayHoldPods(cidr: string): boolean {
  const block = parseCidr(cidr)
  // The widest of those ranges has 7 bits: what is wider than a byte may span one.
  return block === undefined || block[1] < 8 || POD_RANGES.has(block[0].range())
}
