import type { Endpoint } from '../balance/endpoint.ts'
import { hashText } from '../balance/rendezvous.ts'
import { type Client, identifyClient, type Peer } from '../identity/identify.ts'
import { allowanceFields, rateFields } from '../limits/rate-fields.ts'
import { rateKeyOf } from '../limits/rate-key.ts'
import { parseIp } from '../model/address.ts'
import type { Caller } from '../model/address-set.ts'
import type { ErrorCode } from '../model/errors.ts'
import { hostOfAuthority } from '../model/host.ts'
import type { ServiceRecord } from '../model/records.ts'
import { askClientLists } from '../policy/client-lists.ts'
import { leadsElsewhere, matchRule } from '../route/match.ts'
import { parseTarget } from '../route/target.ts'
import { askProofs } from './access/ask-proofs.ts'
import type { IdentityAnswer } from './backend-tls/identity-book.ts'
import { provesIdentity, type ServiceTls } from './backend-tls/service-tls.ts'
import { challengeOf } from './challenge.ts'
import { maxForwardsOf } from './max-forwards.ts'
import type { Reachable } from './reachable.ts'
import type {
  Passage,
  Plan,
  PlanTable,
  Reply,
  RequestHead,
  RoadOptions,
  RoadState,
  Step,
  Wait,
} from './road.ts'
import { sizeFault } from './size-limits.ts'
import type { TableService } from './table-service.ts'
import { askTls, formatHsts, httpsLocation } from './tls/ask-tls.ts'

/** More than any chain of gateways that somebody built on purpose. */
const MAX_PASSES = 4

/** Methods that a gateway does not carry: a tunnel, and one that echoes credentials. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

/**
 * The request's road, in the order in which a request meets it:
 * client identity → target and host → route → challenge of a certificate authority → rule → TLS → service (or its Pod by name) →
 * source ranges → allow and deny lists → sizes → token → API key, password, whom the Service asks → TLS behind → freshness →
 * endpoints → NetworkPolicy → concurrency → rate. Challenges, TLS, lists, limits and proofs are told where there are any, freshness
 * where it is lacking. Pure: no I/O, no clock, nothing changed: who carries the plan out counts it.
 * `choose` (balance/choose.ts) then picks an endpoint for each attempt.
 *
 * @param note told of every step, for `explain`
 */
export function plan(
  head: RequestHead,
  peer: Peer,
  table: PlanTable,
  options: RoadOptions,
  state: RoadState,
  note?: (step: Step) => void,
): Plan {
  const client = identifyClient(peer, head, options)
  note?.({ step: 'client', client, peer })
  const { cluster } = table
  const nowhere: Passage = { client, cluster, host: '', path: '', route: undefined }
  note?.({ step: 'method', method: head.method })
  if (REFUSED_METHODS.has(head.method)) return reply('method-refused', nowhere)
  if (head.repeats !== undefined) return reply('request-invalid', nowhere)
  if (hasUnknownCoding(head)) return reply('coding-unsupported', nowhere)
  if (isLooping(head)) return reply('loop-detected', nowhere)
  const forwards = maxForwardsOf(head)
  if (forwards === 'invalid') return reply('request-invalid', nowhere)
  if (forwards === 0) return reply('forwards-spent', nowhere)

  const target = parseTarget(head.target, head.method)
  const [hostField] = head.hosts
  // None or two Host fields is a smuggling attempt or a broken client (RFC 9112 §3.2).
  if (target === undefined || hostField === undefined || head.hosts.length !== 1) {
    note?.({ step: 'host', authority: hostField, host: undefined })
    return reply('request-invalid', nowhere)
  }
  const authority = target.authority ?? hostField
  // RFC 9112 §3.2: a Host that makes no sense is refused also where the target overrides it.
  const isReadable = target.authority === undefined || hostOfAuthority(hostField) !== undefined
  const host = isReadable ? hostOfAuthority(authority) : undefined
  note?.({ step: 'host', authority, host })
  if (host === undefined) return reply('request-invalid', nowhere)

  const route = table.route(host)
  if (route === 'unloaded') {
    return { type: 'wait', for: { type: 'host', host }, passage: { ...nowhere, host, path: target.path } }
  }
  note?.({ step: 'route', host, route })
  if (route === undefined) return reply('host-unknown', { ...nowhere, host, path: target.path })

  const challenge = challengeOf(head.method, host, target.path, table)
  if (challenge !== undefined) {
    note?.({ step: 'challenge', host, token: challenge.token })
    const passage = { ...nowhere, host, path: target.path }
    return { type: 'reply', error: 'challenge-answered', passage, given: challenge.given }
  }

  const rule = matchRule(route.rules, target.path)
  const isAmbiguous = rule !== undefined && leadsElsewhere(route.rules, target.path, rule)
  note?.({ step: 'rule', path: target.path, route, rule, isAmbiguous })
  const passage: Passage = {
    client,
    cluster,
    host,
    path: target.path,
    route: isAmbiguous ? undefined : rule && { host: route.host, rule },
    // RFC 6797 §7.2: by plain HTTP anybody on the way could say it.
    ...(route.tls?.hsts && client.scheme === 'https' && { hsts: formatHsts(route.tls.hsts) }),
  }
  if (isAmbiguous) return reply('request-invalid', passage)
  if (route.tls !== undefined || peer.tls !== undefined) {
    const error = askTls({ route, host, path: target.path, peer, client, table })
    note?.({ step: 'tls', route, peer, client, error })
    if (error === 'tls-required') {
      const location = httpsLocation(host, target.path + target.query, authority, options)
      return { type: 'reply', error, passage, fields: ['Location', location] }
    }
    if (error !== undefined) return reply(error, passage)
  }
  if (rule === undefined) return reply('path-unknown', passage)

  const service = rule.action.type === 'forward' ? table.service(rule.action.service, host) : undefined
  note?.({ step: 'service', rule, service })
  if (rule.action.type === 'unavailable') return reply('rule-unavailable', passage)
  if (service === undefined) return reply('endpoints-none', passage)
  const isByName = rule.action.endpoint === 'by-hostname'
  const reachable = isByName ? podOf(service, host, route.host) : service
  if (isByName) note?.({ step: 'pod', host, service, isKnown: reachable !== undefined })
  if (reachable === undefined) return reply('host-unknown', passage)

  // Read only for those who look at it.
  const { sources, lists } = service
  const isOpen = sources === undefined && lists === undefined && reachable.guarded === undefined
  const caller = isOpen ? undefined : callerOf(client, host, table)
  const isAdmitted = sources === undefined || sources.admits(caller)
  note?.({ step: 'sources', service, isAdmitted, caller })
  if (!isAdmitted) return reply('client-refused', passage)
  if (lists !== undefined) {
    const verdict = askClientLists(lists, caller)
    note?.({ step: 'lists', service, verdict })
    if (verdict !== 'admitted') return reply('client-refused', passage)
  }

  const { limits } = service.record
  if (limits !== undefined) {
    const fault = sizeFault(limits, head)
    note?.({ step: 'size', service, fault })
    if (fault !== undefined) return reply(fault, passage)
  }

  const { query } = target
  const proven = askProofs(service, { head, peer, passage, authority, query, table, state }, note)
  if (proven.type !== 'proven') return proven

  const { tls } = service
  const identity = tls && identityFor(tls, service, state, note)
  if (identity === 'unavailable') return reply('backend-tls-unavailable', passage)
  if (tls !== undefined && identity === undefined) {
    return { type: 'wait', for: { type: 'client-certificate', tls }, passage }
  }

  // A Pod's address may be another's by now, unless it proves whose it is. Nodes keep theirs, names outside are asked for anew.
  const mayBeAnothers = service.record.target.type === 'pod' && !provesIdentity(tls)
  const stale = mayBeAnothers ? state.staleness(host) : undefined
  if (stale !== undefined) {
    note?.({ step: 'freshness', service, ...stale })
    return reply('registry-stale', passage)
  }

  const endpoints = endpointsOf(service.record, reachable, state)
  if ('type' in endpoints) return { type: 'wait', for: endpoints, passage }
  note?.({ step: 'endpoints', service, endpoints, isByName })
  if (endpoints.length === 0) return reply('endpoints-none', passage)

  const { networkPolicy } = options
  const admitting = networkPolicy === 'off' ? endpoints : admitted(reachable, endpoints, caller)
  note?.({ step: 'network-policy', caller, service, endpoints, candidates: admitting })
  const isRefused = admitting.length === 0
  if (isRefused && networkPolicy !== 'report') return reply('client-refused', passage)

  if (limits?.concurrent !== undefined) {
    const underWay = state.limits?.underWay(service.key)
    const isAdmitted = (underWay ?? 0) < limits.concurrent
    note?.({ step: 'concurrency', service, underWay, isAdmitted })
    if (!isAdmitted) return reply('concurrency-exceeded', passage)
  }

  const rate = limits?.rate
  const rateKey = rate && rateKeyOf(rate, client.address, (name) => head.field(name), proven)
  let { answerFields } = proven
  if (rate !== undefined && rateKey !== undefined) {
    const verdict = state.limits?.rates.ask(service.key, rate, rateKey)
    note?.({ step: 'rate', service, limit: rate, verdict })
    if (verdict?.type === 'unavailable') return reply('rate-unavailable', passage)
    if (verdict?.type === 'exceeded') {
      return { type: 'reply', error: 'rate-exceeded', passage, fields: rateFields(rate, verdict.waitMs) }
    }
    if (verdict !== undefined && rate.quiet === undefined) {
      answerFields = [...answerFields, ...allowanceFields(rate, verdict.left)]
    }
  }

  const strippedPrefix = rule.action.stripPrefix
  const path = stripPrefix(target.path, strippedPrefix) + target.query
  const affinity = service.record.affinity === 'client-ip' ? hashText(client.address) : undefined
  const hostRewrite = hostOf(service)
  return {
    type: 'forward',
    service,
    candidates: networkPolicy === 'report' ? endpoints : admitting,
    affinity,
    passage: isRefused ? { ...passage, isReported: true } : passage,
    path,
    authority,
    hostRewrite,
    strippedPrefix,
    claims: service.ownFields && { fields: proven.fields, names: service.ownFields },
    clientCertificate: route.tls?.clients && peer.tls?.client?.fields,
    answerFields,
    maxForwards: forwards === undefined ? undefined : forwards - 1,
    rateKey,
    tls: identity,
  }
}

/** Whom the endpoints must prove to be; undefined when something must be opened first. */
function identityFor(
  tls: ServiceTls,
  service: TableService,
  { identities }: RoadState,
  note: ((step: Step) => void) | undefined,
): IdentityAnswer | undefined {
  const answer = identities === undefined ? 'unavailable' : identities(tls)
  note?.({ step: 'backend-tls', service, tls, answer })
  return answer
}

/** A transfer coding beside chunked belongs to one connection: passed on without it, the body would be another. */
function hasUnknownCoding(head: RequestHead): boolean {
  const codings = head.field('transfer-encoding')
  return codings !== undefined && codings.trim().toLowerCase() !== 'chunked'
}

/** A request that passed us so often leads back to us (RFC 9110 §7.6.3): by a name outside, or a proxy behind. */
function isLooping(head: RequestHead): boolean {
  const via = head.field('via')
  return via !== undefined && via.split(' postern').length > MAX_PASSES
}

/** The endpoints of a service, or what must be waited for. */
function endpointsOf(
  { target }: ServiceRecord,
  { candidates }: Reachable,
  state: RoadState,
): readonly Endpoint[] | Wait['for'] {
  if (target.type !== 'external') return candidates
  return state.externalEndpoints(target) ?? { type: 'name', name: target.name }
}

/** A server outside knows itself by its own name only. */
function hostOf({ record: { target }, tls }: TableService): string | undefined {
  if (target.type !== 'external') return undefined
  return target.port === (tls === undefined ? 80 : 443) ? target.name : `${target.name}:${target.port}`
}

/** The endpoint that the one label in place of the wildcard's `*` names. */
function podOf(service: TableService, host: string, wildcard: string): Reachable | undefined {
  return service.byHostname?.get(host.slice(0, 1 - wildcard.length))
}

/** @returns undefined when the address is not known */
function callerOf({ address }: Client, host: string, table: PlanTable): Caller | undefined {
  const parsed = parseIp(address)
  return parsed && { address: parsed, isMasked: table.isNode(address, host) }
}

/** The endpoints whose NetworkPolicies let this client in: Pods that say no are not chosen. */
function admitted(
  { guarded }: Reachable,
  endpoints: readonly Endpoint[],
  caller: Caller | undefined,
): readonly Endpoint[] {
  if (guarded === undefined) return endpoints
  return guarded.flatMap(({ endpoints: group, guards }) =>
    guards.every(({ policy, port }) => policy?.admits(caller, port) ?? false) ? group : [],
  )
}

function reply(error: ErrorCode, passage: Passage): Reply {
  return { type: 'reply', error, passage }
}

function stripPrefix(path: string, prefix: string | undefined): string {
  if (prefix === undefined || path === '*') return path
  const rest = path.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
