import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { parseCidr } from '../model/address.ts'
import { encodeCanonical } from '../model/canonical.ts'
import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import { type Pod, podPorts } from '../model/objects/pod.ts'
import { matchesSelector } from '../model/objects/selector.ts'
import type { PolicyRecord, PolicyRule } from '../model/policy-record.ts'
import { compareText, type Problem } from '../model/problem.ts'

type Spec = NetworkPolicy['spec']
type IngressRule = Exclude<Exclude<Spec['ingress'], 'unreadable'>[number], 'unreadable'>
type Peer = IngressRule['from'][number]
type Port = IngressRule['ports'][number]

export interface PolicySet {
  /** Digest of the record: its key. */
  readonly key: string
  readonly record: PolicyRecord
}

/**
 * Who may reach a Pod from outside the cluster, by all policies of its namespace (networking.k8s.io/v1): the union of
 * the ingress rules of those that select it. Peers given by selectors are Pods, so no outside client matches them.
 *
 * @returns undefined when no policy isolates the Pod
 */
export function policySetOf(pod: Pod, policies: Iterable<NetworkPolicy>): PolicySet | undefined {
  // Its traffic is its Node's: the API leaves this to the implementation, and they all leave it alone.
  if (pod.spec.hostNetwork) return undefined
  const isolating = [...policies]
    .filter((policy) => isolates(policy.spec, pod))
    .sort((a, b) => compareText(a.meta.name, b.meta.name))
  if (isolating.length === 0) return undefined
  const rules = new Map<string, PolicyRule>()
  for (const { meta, spec } of isolating) {
    if (spec.ingress === 'unreadable') continue
    spec.ingress.forEach((rule, ingress) => {
      const compiled = rule === 'unreadable' ? undefined : compileRule(rule, pod)
      if (compiled === undefined) return
      const text = encodeCanonical(compiled)
      // What several say is said once.
      if (!rules.has(text)) rules.set(text, { origin: { policy: meta.name, ingress }, ...compiled })
    })
  }
  const record = {
    policies: isolating.map(({ meta }) => meta.name),
    rules: [...rules].sort(([a], [b]) => compareText(a, b)).map(([, rule]) => rule),
  }
  return { key: bytesToHex(sha256(utf8ToBytes(encodeCanonical(record)))).slice(0, 32), record }
}

/** Parts that cannot be read admit nobody; this says so. */
export function policyProblems(policy: NetworkPolicy): Problem[] {
  return unreadableParts(policy.spec).map((field) => ({
    code: 'policy-invalid',
    severity: 'error',
    kind: 'NetworkPolicy',
    namespace: policy.meta.namespace,
    name: policy.meta.name,
    field,
    message: `Cannot read ${field} of NetworkPolicy ${policy.meta.name}`,
    hint:
      field === 'spec.podSelector'
        ? 'Mend the field; until then the policy selects every Pod of its namespace.'
        : 'Mend the field; until then this part of the policy admits nobody.',
  }))
}

/** Whether a policy says who may come to a Pod. Not asked for Pods on their host's network. */
export function isolates(spec: Spec, pod: Pod): boolean {
  const types = spec.policyTypes
  if (types !== 'unreadable' && types.length > 0 && !types.includes('Ingress')) return false
  return spec.podSelector === 'unreadable' || matchesSelector(spec.podSelector, pod.meta.labels)
}

/** @returns undefined when the rule matches no outside client, or no TCP port. */
function compileRule(rule: IngressRule, pod: Pod): Omit<PolicyRule, 'origin'> | undefined {
  const from = rule.from.length === 0 ? undefined : rule.from.flatMap(blockOf)
  const ports = rule.ports.length === 0 ? undefined : rule.ports.flatMap((port) => portsOf(port, pod))
  if (from?.length === 0 || ports?.length === 0) return undefined
  const isEveryPort = ports?.some(([first, last]) => first === 1 && last === 65_535)
  return {
    ...(from === undefined ? {} : { from: from.sort((a, b) => compareText(a.cidr, b.cidr)) }),
    ...(ports === undefined || isEveryPort
      ? {}
      : { ports: ports.sort((a, b) => a[0] - b[0] || a[1] - b[1]) }),
  }
}

function blockOf(peer: Peer): { cidr: string; except: string[] }[] {
  if (peer === 'unreadable' || peer.ipBlock === undefined) return []
  const { cidr, except } = peer.ipBlock
  // An exception that cannot be read might be anything: the block admits nobody.
  const isReadable = [cidr, ...except].every((text) => parseCidr(text) !== undefined)
  return isReadable ? [{ cidr, except: except.toSorted(compareText) }] : []
}

/** The TCP ports of a Pod that a rule's port stands for. */
export function portsOf(port: Port, pod: Pod): [first: number, last: number][] {
  if (port === 'unreadable' || port.protocol !== 'TCP') return []
  if (port.port === undefined) return [[1, 65_535]]
  if (typeof port.port === 'number') {
    const last = port.endPort ?? port.port
    return isPort(port.port) && isPort(last) && port.port <= last ? [[port.port, last]] : []
  }
  return podPorts(pod)
    .filter(({ name, protocol }) => name === port.port && protocol === 'TCP')
    .map(({ containerPort }) => [containerPort, containerPort])
}

function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535
}

function unreadableParts({ podSelector, policyTypes, ingress }: Spec): string[] {
  const fields: string[] = []
  if (podSelector === 'unreadable') fields.push('spec.podSelector')
  if (policyTypes === 'unreadable') fields.push('spec.policyTypes')
  if (ingress === 'unreadable') return [...fields, 'spec.ingress']
  ingress.forEach((rule, i) => {
    const field = `spec.ingress[${i}]`
    if (rule === 'unreadable') fields.push(field)
    else {
      rule.from.forEach((peer, j) => {
        const isLost =
          peer === 'unreadable' ||
          peer.podSelector === 'unreadable' ||
          peer.namespaceSelector === 'unreadable' ||
          (peer.ipBlock !== undefined && blockOf(peer).length === 0)
        if (isLost) fields.push(`${field}.from[${j}]`)
      })
      rule.ports.forEach((port, j) => {
        if (port === 'unreadable') fields.push(`${field}.ports[${j}]`)
      })
    }
  })
  return fields
}
