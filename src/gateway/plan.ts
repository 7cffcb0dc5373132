import type { Endpoint } from '../balance/endpoint.ts'
import { hashText } from '../balance/rendezvous.ts'
import type { ForwardedClaims } from '../forward/headers.ts'
import { type Client, identifyClient, type Peer, type ProxyTrust } from '../identity/identify.ts'
import { rateFields } from '../limits/rate-fields.ts'
import { rateKeyOf } from '../limits/rate-key.ts'
import type { RateReader, RateVerdict } from '../limits/rate-limits.ts'
import { parseIp } from '../model/address.ts'
import type { Caller } from '../model/address-set.ts'
import type { ErrorCode } from '../model/errors.ts'
import { hostOfAuthority } from '../model/host.ts'
import type { RateLimit } from '../model/limits.ts'
import type { RouteRecord, Rule, ServiceRecord } from '../model/records.ts'
import { askClientLists, type ListVerdict } from '../policy/client-lists.ts'
import { isAmongSources } from '../policy/sources.ts'
import { matchRule } from '../route/match.ts'
import { parseTarget } from '../route/target.ts'
import type { ExternalTarget } from './external-names.ts'
import { maxForwardsOf } from './max-forwards.ts'
import type { Reachable } from './reachable.ts'
import { sizeFault } from './size-limits.ts'
import type { TableService } from './table.ts'
import { askToken, type TokenAnswer, type TokenCheck, type TokenVerdicts } from './tokens/token-check.ts'

/** A request's head, as any runtime can show it. */
export interface RequestHead {
  readonly method: string
  /** The request target as it came (RFC 9112 §3.2). */
  readonly target: string
  /** Every Host field; a request has exactly one. */
  readonly hosts: readonly string[]
  /** A field's value by lower-case name; several are joined with `, `. */
  field(name: string): string | undefined
  /** Bytes of all fields. Absent: not known. */
  headerBytes?(): number
}

/** What a plan reads. A gateway that holds single hosts may not know of one yet. */
export interface PlanTable {
  /** Whose records they are; undefined where a gateway serves one cluster only. */
  readonly cluster: string | undefined
  /** Undefined: nothing is exposed there. */
  route(host: string): RouteRecord | 'unloaded' | undefined
  /** @param host the one whose route names the service */
  service(key: string, host: string): TableService | undefined
  /** Whether an address (normalised) is that of a Node that is known where the host is. */
  isNode(address: string, host: string): boolean
}

/** What the operator told this gateway. */
export interface RoadOptions extends ProxyTrust {
  /** `report`: everyone passes, and it is told whom they would have refused. */
  readonly networkPolicy: 'enforce' | 'report' | 'off'
}

/** Where a request has come on its road: filled from the top, so that a refusal still tells how far it was. */
export interface Passage {
  readonly client: Client
  /** Of the table; undefined where there is one only. */
  readonly cluster: string | undefined
  /** Hostname asked for, '' when there is none. */
  readonly host: string
  /** Path without query, in the form that was matched. */
  readonly path: string
  readonly route: { readonly host: string; readonly rule: Rule } | undefined
  /** NetworkPolicies refuse the client at every endpoint, and are only reported. */
  readonly isReported?: true
}

export interface Reply {
  readonly type: 'reply'
  readonly error: ErrorCode
  readonly passage: Passage
  /** What the client is told besides, as [name, value, …]. */
  readonly fields?: readonly string[]
}

export interface Forward {
  readonly type: 'forward'
  readonly service: TableService
  /** The endpoints that this client may be sent to; never empty. */
  readonly candidates: readonly Endpoint[]
  /** Hash of the client, where the Service keeps each client at one endpoint. */
  readonly affinity: number | undefined
  readonly passage: Passage
  /** Path and query for the endpoint. */
  readonly path: string
  /** The authority as the client wrote it. */
  readonly authority: string
  /** What goes on as Host instead: the name of an ExternalName Service. */
  readonly hostRewrite: string | undefined
  /** What was cut off the path, for X-Forwarded-Prefix. */
  readonly strippedPrefix: string | undefined
  /** What the client's token says, as fields; undefined where none of it goes on. */
  readonly claims: ForwardedClaims | undefined
  /** What goes on of Max-Forwards, where that counts (RFC 9110 §7.6.2). */
  readonly maxForwards: number | undefined
  /** On whose allowance it goes; undefined: no rate limit. */
  readonly rateKey: string | undefined
}

/** Something must be known first: the shell finds it out, and plans again. */
export interface Wait {
  readonly type: 'wait'
  /** A name outside the cluster that has to be resolved, a host to be read from the registry, a token to be verified. */
  readonly for:
    | { readonly type: 'name'; readonly name: string }
    | { readonly type: 'host'; readonly host: string }
    | { readonly type: 'token'; readonly check: TokenCheck; readonly token: string }
  readonly passage: Passage
}

/** What the core decided for a request. */
export type Plan = Reply | Forward | Wait

/** How long ago the cluster was observed as it is held, where that is too long. */
export interface Staleness {
  readonly observedMsAgo: number
  readonly maxStaleMs: number
}

/** What counts against the limits of Services. */
export interface LimitReader {
  /** Requests of a service that are under way here. */
  underWay(service: string): number
  readonly rates: RateReader
}

/** What the road reads of the present, and only reads. */
export interface RoadState {
  /** Undefined: what is held of a host is new enough for addresses of Pods to be theirs still. */
  staleness(host: string): Staleness | undefined
  /** Where a name outside the cluster leads; undefined until that is known. */
  externalEndpoints(target: ExternalTarget): readonly Endpoint[] | undefined
  /** What is known of tokens. Absent: nothing, so that nobody who needs one comes in. */
  tokenVerdict?: TokenVerdicts
  /** Absent: no request is carried out here, so that none counts. */
  readonly limits?: LimitReader
  /** For `explain`: what was wrong with the last answer for a name. Not known where the platform resolves it. */
  externalTroubles?(name: string): readonly string[]
}

/** What a request met on its road, for those who want to know: each step tells what was looked at and what came of it. */
export type Step =
  /** The table of another cluster is looked at from here on. */
  | { readonly step: 'cluster'; readonly cluster: string | undefined; readonly isLoaded: boolean }
  /** What the table that was looked at came to. */
  | { readonly step: 'answer'; readonly type: Plan['type'] }
  /** The cluster's answer does not count: the host is another namespace's. */
  | {
      readonly step: 'namespace'
      readonly cluster: string | undefined
      readonly host: string
      readonly namespace: string
      readonly owner: string
    }
  | { readonly step: 'client'; readonly client: Client; readonly peer: Peer }
  | { readonly step: 'method'; readonly method: string }
  | { readonly step: 'host'; readonly authority: string | undefined; readonly host: string | undefined }
  | { readonly step: 'route'; readonly host: string; readonly route: RouteRecord | undefined }
  | {
      readonly step: 'rule'
      readonly path: string
      readonly route: RouteRecord
      readonly rule: Rule | undefined
    }
  | { readonly step: 'service'; readonly rule: Rule; readonly service: TableService | undefined }
  | {
      readonly step: 'sources'
      readonly service: TableService
      readonly isAdmitted: boolean
      readonly caller: Caller | undefined
    }
  | { readonly step: 'lists'; readonly service: TableService; readonly verdict: ListVerdict }
  | { readonly step: 'size'; readonly service: TableService; readonly fault: ErrorCode | undefined }
  | { readonly step: 'token'; readonly service: TableService; readonly answer: TokenAnswer | undefined }
  | { readonly step: 'pod'; readonly host: string; readonly service: TableService; readonly isKnown: boolean }
  | ({ readonly step: 'freshness'; readonly service: TableService } & Staleness)
  | {
      readonly step: 'endpoints'
      readonly service: TableService
      readonly endpoints: readonly Endpoint[]
      /** Only the one that the host names was looked at. */
      readonly isByName: boolean
    }
  | {
      readonly step: 'concurrency'
      readonly service: TableService
      /** Undefined: not counted here. */
      readonly underWay: number | undefined
      readonly isAdmitted: boolean
    }
  | {
      readonly step: 'rate'
      readonly service: TableService
      readonly limit: RateLimit
      /** Undefined: not counted here. */
      readonly verdict: RateVerdict | undefined
    }
  | {
      readonly step: 'network-policy'
      readonly caller: Caller | undefined
      readonly service: TableService
      readonly endpoints: readonly Endpoint[]
      /** Those that admit the client. */
      readonly candidates: readonly Endpoint[]
    }

/** More than any chain of gateways that somebody built on purpose. */
const MAX_PASSES = 4

/** Methods that a gateway does not carry: a tunnel, and one that echoes credentials. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

/**
 * The request's road, in the order in which a request meets it:
 * client identity → target and host → route → rule → service (or its Pod by name) → source ranges → allow and deny lists
 * → sizes → token → freshness → endpoints → NetworkPolicy → concurrency → rate. Lists, limits and tokens are told where there are
 * any, freshness where it is lacking. Pure: no I/O, no clock, nothing changed: who carries the plan out counts it.
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

  const rule = matchRule(route.rules, target.path)
  note?.({ step: 'rule', path: target.path, route, rule })
  if (rule === undefined) {
    return reply('path-unknown', { client, cluster, host, path: target.path, route: undefined })
  }
  const passage: Passage = { client, cluster, host, path: target.path, route: { host: route.host, rule } }

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
  const isAdmitted = sources === undefined || isAmongSources(sources, caller)
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

  const { tokenCheck } = service
  const token = tokenCheck && askToken(tokenCheck, head, target.query, state.tokenVerdict)
  note?.({ step: 'token', service, answer: token })
  if (token?.type === 'refused') return reply(token.error, passage)
  if (token?.type === 'wait') {
    return { type: 'wait', for: { type: 'token', check: token.check, token: token.token }, passage }
  }

  // A Pod's address may be another's by now. Nodes keep theirs, and names outside are asked for anew.
  const stale = service.record.target.type === 'pod' ? state.staleness(host) : undefined
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
  const rateKey = rate && rateKeyOf(rate, client.address, (name) => head.field(name))
  if (rate !== undefined && rateKey !== undefined) {
    const verdict = state.limits?.rates.ask(service.key, rate, rateKey)
    note?.({ step: 'rate', service, limit: rate, verdict })
    if (verdict?.type === 'unavailable') return reply('rate-unavailable', passage)
    if (verdict?.type === 'exceeded') {
      return { type: 'reply', error: 'rate-exceeded', passage, fields: rateFields(rate, verdict.waitMs) }
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
    claims: tokenCheck?.ownFields && { fields: token?.fields ?? [], names: tokenCheck.ownFields },
    maxForwards: forwards === undefined ? undefined : forwards - 1,
    rateKey,
  }
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
function hostOf({ record: { target } }: TableService): string | undefined {
  if (target.type !== 'external') return undefined
  return target.port === 80 ? target.name : `${target.name}:${target.port}`
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
