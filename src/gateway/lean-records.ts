import { oneText } from '../model/one-text.ts'
import type {
  EndpointRecord,
  EndpointsRecord,
  PathMatch,
  RouteRecord,
  ServiceRecord,
} from '../model/records.ts'

// The same records for a table that holds a hundred thousand of each: what many of them say alike is held once, and each
// is written out member by member. So a request for one host among many touches little memory that no other has.

const EVERY_PATH: PathMatch = { type: 'prefix', value: '/' }
const POD = { type: 'pod' } as const

export function leanRoute({ host, rules, tls }: RouteRecord): RouteRecord {
  const lean = rules.map(({ path, action, origin }) => ({ path: leanPath(path), action, origin }))
  return tls === undefined ? { host, rules: lean } : { host, rules: lean, tls }
}

function leanPath(path: PathMatch): PathMatch {
  return path.type === EVERY_PATH.type && path.value === EVERY_PATH.value ? EVERY_PATH : path
}

export function leanService(record: ServiceRecord): ServiceRecord {
  // What every request reads comes first.
  const { target, affinity, limits, balance, spillOver, timeoutMs, idleTimeoutMs } = record
  const { namespace, name, port, portName, protocol, tls, headless, families } = record
  const { sources, clients, jwt, access } = record
  return {
    target: target.type === 'pod' ? POD : target,
    affinity,
    limits,
    balance,
    spillOver,
    timeoutMs,
    idleTimeoutMs,
    namespace,
    name,
    port,
    portName,
    protocol,
    tls,
    headless,
    families,
    sources,
    clients,
    jwt,
    access,
  }
}

export function leanEndpoints(record: EndpointsRecord): EndpointsRecord {
  return { ...record, endpoints: record.endpoints.map(leanEndpoint) }
}

/** As few members as there mostly are. */
function leanEndpoint(endpoint: EndpointRecord): EndpointRecord {
  const { address, ready, serving, terminating, pod } = endpoint
  const [node, zone, policy] = [one(endpoint.node), one(endpoint.zone), one(endpoint.policy)]
  const lean = { address, ready, serving, terminating, node, zone, pod, policy }
  const { forZones, forNodes, hostname } = endpoint
  const isPlain = forZones === undefined && forNodes === undefined && hostname === undefined
  return isPlain ? lean : { ...lean, forZones, forNodes, hostname }
}

function one(text: string | undefined): string | undefined {
  return text === undefined ? undefined : oneText(text)
}
