import type { Service } from '../model/objects/service.ts'
import type { PathMatch, RuleAction, RuleOrigin } from '../model/records.ts'
import { type Readings, valueOr } from './annotations.ts'
import { type Claim, podHostsOf } from './claim.ts'
import type { HostNaming } from './host-owner.ts'
import type { ServiceTls } from './tls.ts'

/** A Service's claims: its path on each of its hosts, and on the names of its Pods when it is headless. */
export function claimsOf(
  service: Service,
  hosts: readonly string[],
  readings: Readings,
  action: RuleAction,
  naming: HostNaming,
  tls?: ServiceTls,
): Claim[] {
  const ofPods = podHostsOf(service, naming)
  const others = hosts.filter((host) => host !== ofPods)
  const claims = [
    ...others.map((host) => claim(service, host, readings, action)),
    ...(ofPods === undefined ? [] : [claimForPods(service, ofPods, readings, action)]),
  ]
  return tls === undefined ? claims : claims.map((one) => ({ ...one, tls }))
}

function claim(service: Service, host: string, readings: Readings, action: RuleAction): Claim {
  const { namespace, name, creationTimestamp } = service.meta
  const origin: RuleOrigin = { kind: 'Service', namespace, name }
  // What restricts access fails closed: with no telling which hosts and paths are meant, none is served.
  const isReadable = [readings.host, readings.path, readings.pathType].every(
    ({ state }) => state !== 'invalid',
  )
  const rule = isReadable ? { path: pathOf(readings), action, origin } : undefined
  return { host, createdAt: creationTimestamp, origin, rule, isForPods: false }
}

function claimForPods(service: Service, host: string, readings: Readings, action: RuleAction): Claim {
  const byName: RuleAction = action.type === 'forward' ? { ...action, endpoint: 'by-hostname' } : action
  return { ...claim(service, host, readings, byName), isForPods: true }
}

/** `/api/` and `/api` are the same prefix. */
function pathOf(readings: Readings): PathMatch {
  const type = valueOr(readings.pathType, 'prefix')
  const value = valueOr(readings.path, '/')
  return { type, value: type === 'prefix' && value.length > 1 ? value.replace(/\/$/, '') : value }
}
