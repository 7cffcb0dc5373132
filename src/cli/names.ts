import type { Table } from '../gateway/table.ts'
import {
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Service } from '../model/objects/service.ts'
import type { ServiceImport } from '../model/objects/service-import.ts'
import { compareText } from '../model/problem.ts'
import type { Rule } from '../model/records.ts'
import { type DnsRecord, dnsRecords, endpointDnsName, serviceDnsName, srvNames } from './cluster-dns.ts'
import { statefulSetPods } from './stateful-set-pods.ts'

const CLUSTER_SET = 'clusterset.local'

/** What a Service is called. */
export interface ServiceNames {
  readonly namespace: string
  readonly name: string
  /** In the cluster; null where the Service is imported from others, and this one has none of its name. */
  readonly inside: (DnsNames & { readonly records: readonly DnsRecord[] }) | null
  /** In every cluster of the ClusterSet that has the namespace; null where it is neither exported nor imported. */
  readonly clusterSet: DnsNames | null
  /** Where the gateways answer for it. */
  readonly outside: readonly Place[]
  /** Of a headless one. */
  readonly pods: readonly PodNames[]
}

export interface DnsNames {
  readonly name: string
  readonly srv: readonly { readonly name: string; readonly port: number }[]
}

/** A path of a host. */
export interface Place {
  readonly host: string
  readonly path: string
  readonly pathType: Rule['path']['type']
}

export interface PodNames {
  readonly pod: string | null
  /** Null: the cluster's DNS has no name for it, or one of its own making. */
  readonly inside: string | null
  /** Null: the gateways have no name for it. */
  readonly outside: string | null
}

/** The names of every Service, by namespace and name. */
export function namesOf(objects: Iterable<KubeObject>, table: Table, clusterDomain: string): ServiceNames[] {
  const all = [...objects]
  const slices = Map.groupBy(
    all.filter((object) => object.kind === 'EndpointSlice'),
    ({ meta }) => `${meta.namespace}/${meta.labels[SERVICE_NAME_LABEL] ?? ''}`,
  )
  const sets = all.flatMap((object) => (object.kind === 'StatefulSet' ? [object] : []))
  const exported = new Set(all.flatMap((each) => (each.kind === 'ServiceExport' ? [placeOf(each)] : [])))
  const imported = new Map(
    all.flatMap((each) => (each.kind === 'ServiceImport' ? [[placeOf(each), each] as const] : [])),
  )
  const services = all.filter((object) => object.kind === 'Service')
  const ofServices = services.map((service) => {
    const place = placeOf(service)
    const made = statefulSetPods(service, sets)
    const own = names(service, slices.get(place) ?? [], made, table, clusterDomain)
    const shared = imported.get(place) ?? (exported.has(place) ? service : undefined)
    imported.delete(place)
    return { ...own, clusterSet: shared === undefined ? null : clusterSetNames(shared) }
  })
  return [...ofServices, ...[...imported.values()].map(importedNames)].sort(
    (a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name),
  )
}

/** Of a Service that is other clusters' alone. What their gateways call it, their agents say. */
function importedNames(from: ServiceImport): ServiceNames {
  const { namespace, name } = from.meta
  return { namespace, name, inside: null, clusterSet: clusterSetNames(from), outside: [], pods: [] }
}

/** Every rule of a Service, with the host it stands on. */
export function rulesOf({ meta }: Service, table: Table): { host: string; rule: Rule }[] {
  return [...table.routes()]
    .sort((a, b) => compareText(a.host, b.host))
    .flatMap(({ host, rules }) => rules.map((rule) => ({ host, rule })))
    .filter(({ rule: { origin } }) => origin.namespace === meta.namespace && origin.name === meta.name)
}

export function isForPods({ action }: Pick<Rule, 'action'>): boolean {
  return action.type === 'forward' && action.endpoint === 'by-hostname'
}

function names(
  service: Service,
  slices: readonly EndpointSlice[],
  made: readonly string[],
  table: Table,
  clusterDomain: string,
): Omit<ServiceNames, 'clusterSet'> {
  const rules = rulesOf(service, table)
  return {
    namespace: service.meta.namespace,
    name: service.meta.name,
    inside: {
      name: serviceDnsName(service, clusterDomain),
      srv: srvNames(service, clusterDomain),
      records: dnsRecords(service, slices, clusterDomain),
    },
    outside: rules
      .filter(({ rule }) => !isForPods(rule))
      .map(({ host, rule: { path } }) => ({ host, path: path.value, pathType: path.type })),
    pods:
      service.spec.clusterIP === 'None'
        ? podNames(service, slices, made, clusterDomain, outsideOf(rules, table))
        : [],
  }
}

/** KEP-1645, specification.md §2.3 and §2.4: an ExternalName cannot be shared, and `clusterset.local` is fixed. */
function clusterSetNames(service: Service | ServiceImport): DnsNames | null {
  if (service.kind === 'Service' && service.spec.type === 'ExternalName') return null
  return { name: serviceDnsName(service, CLUSTER_SET), srv: srvNames(service, CLUSTER_SET) }
}

function podNames(
  service: Service,
  slices: readonly EndpointSlice[],
  made: readonly string[],
  clusterDomain: string,
  outside: OutsideNames,
): PodNames[] {
  const named = slices
    .flatMap(({ endpoints }) => endpoints)
    .map((endpoint): PodNames => {
      const pod = podOf(endpoint)
      return {
        pod,
        inside: endpointDnsName(service, endpoint, clusterDomain) ?? null,
        outside: outside.held(endpoint.hostname ?? pod ?? ''),
      }
    })
  // Manifests mostly have no Pods: those to come are named.
  if (named.length === 0) {
    const name = serviceDnsName(service, clusterDomain)
    return made.map((pod) => ({ pod, inside: `${pod}.${name}`, outside: outside.toCome(pod) }))
  }
  // A Pod of two families stands in two slices.
  return [...new Map(named.map((each) => [JSON.stringify(each), each])).values()]
}

/** What the gateways call a Pod: one that they know, and one that is still to come. */
interface OutsideNames {
  readonly held: (label: string) => string | null
  readonly toCome: (label: string) => string | null
}

function outsideOf(rules: readonly { host: string; rule: Rule }[], table: Table): OutsideNames {
  const found = rules.find(({ rule }) => isForPods(rule))
  const action = found?.rule.action
  const known = action?.type === 'forward' ? table.service(action.service)?.byHostname : undefined
  const toCome = (label: string) => found?.host.replace('*', label) ?? null
  return { held: (label) => (known?.has(label) ? toCome(label) : null), toCome }
}

function placeOf({ meta: { namespace, name } }: KubeObject): string {
  return `${namespace}/${name}`
}

function podOf({ targetRef }: SliceEndpoint): string | null {
  return targetRef?.kind === 'Pod' && targetRef.name !== '' ? targetRef.name : null
}
