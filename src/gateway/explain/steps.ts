import type { BalanceState } from '../../balance/endpoint.ts'
import { passedOver } from '../../balance/passed-over.ts'
import { counted } from '../../model/counted.ts'
import type { Rule } from '../../model/records.ts'
import { matchesPath } from '../../route/match.ts'
import type { RequestHead, RoadOptions, RoadState, Step } from '../road.ts'
import type { Table } from '../table.ts'
import { accessStep } from './access-step.ts'
import { backendTlsStep } from './backend-tls-step.ts'
import { clientStep, maskLines } from './client-step.ts'
import { endpointLine, guardLine, targetOf } from './endpoints.ts'
import type { ExplainedStep } from './explanation.ts'
import { concurrencyStep, listsStep, rateStep, sizeStep } from './limit-steps.ts'
import { nearHosts } from './near-hosts.ts'
import { hostProblems, refusedEndpoints, SHOWN } from './problems.ts'
import { tlsStep } from './tls-step.ts'
import { tokenStep } from './token-step.ts'

export type Told = Omit<ExplainedStep, 'verdict'>

/** What a step is told with: the cluster that was looked at, as it is now. */
export interface StepParts {
  readonly table: Table
  readonly balance: BalanceState
  readonly present: RoadState
  readonly road: RoadOptions
}

/** A step on one table. */
type TableStep = Exclude<Step, { step: 'cluster' | 'namespace' | 'answer' }>

/** One step in words: what was looked at, and the object and field that decided. */
export function explainStep(step: TableStep, head: RequestHead, parts: StepParts): Told {
  switch (step.step) {
    case 'client':
      return clientStep(step, head, parts.road)
    case 'method':
      return { step: 'method', summary: step.method, details: [] }
    case 'host':
      return hostStep(step, head)
    case 'route':
      return routeStep(step, parts)
    case 'challenge':
      return challengeStep(step)
    case 'rule':
      return ruleStep(step)
    case 'tls':
      return tlsStep(step)
    case 'service':
      return serviceStep(step, parts)
    case 'pod':
      return podStep(step)
    case 'sources':
      return sourcesStep(step)
    case 'lists':
      return listsStep(step)
    case 'size':
      return sizeStep(step, head)
    case 'token':
      return tokenStep(step)
    case 'backend-tls':
      return backendTlsStep(step)
    case 'access':
      return accessStep(step)
    case 'freshness':
      return freshnessStep(step)
    case 'endpoints':
      return endpointsStep(step, parts)
    case 'concurrency':
      return concurrencyStep(step)
    case 'rate':
      return rateStep(step)
    case 'network-policy':
      return policyStep(step, parts)
  }
}

export type StepOf<S extends Step['step']> = Extract<Step, { step: S }>

function hostStep({ authority, host }: StepOf<'host'>, head: RequestHead): Told {
  if (host !== undefined) return { step: 'host', summary: host, details: [] }
  const summary = `no host can be read off ${authority === undefined ? 'the request' : `"${authority}"`}`
  return {
    step: 'host',
    summary,
    details: [`target ${head.target}, ${counted(head.hosts.length, 'Host field')}`],
  }
}

function routeStep({ host, route }: StepOf<'route'>, { table }: StepParts): Told {
  const problems = hostProblems(host, table.problems())
  if (route !== undefined) {
    const how = route.host === host ? 'exactly' : `as ${route.host}`
    return { step: 'route', summary: `${host} is exposed ${how}`, details: problems }
  }
  const near = nearHosts(host, table.routes())
  const details = near.length === 0 ? problems : [...problems, `near misses: ${near.join(', ')}`]
  return { step: 'route', summary: `nothing is exposed at ${host}`, details }
}

function ruleStep({ path, route, rule, isAmbiguous }: StepOf<'rule'>): Told {
  const details = route.rules.slice(0, SHOWN).map((each) => {
    const mark = each === rule ? 'matches' : matchesPath(each.path, path) ? 'would match' : 'does not match'
    return `${each.path.type} ${each.path.value} ${mark} (${originOf(each)})`
  })
  if (isAmbiguous) {
    const summary = `${path} can be read as a path of another rule: by its escapes or parameters (docs/paths.md)`
    return { step: 'rule', summary, details }
  }
  const summary = rule === undefined ? `no rule has a path for ${path}` : `${path} is ${originOf(rule)}'s`
  return { step: 'rule', summary, details }
}

function challengeStep({ host, token }: StepOf<'challenge'>): Told {
  const summary = `a certificate authority asks whether ${host} is ours: it is answered here (docs/acme.md)`
  return { step: 'challenge', summary, details: [`challenge ${host}/${token} of the registry`] }
}

function serviceStep({ rule, service }: StepOf<'service'>, { table }: StepParts): Told {
  const { kind, namespace, name } = rule.origin
  const details = table
    .problems()
    .filter((problem) => problem.kind === kind && problem.namespace === namespace && problem.name === name)
    .map(({ severity, code, field, message }) => `${severity} ${code}, ${field}: ${message}`)
  if (rule.action.type === 'unavailable') {
    return { step: 'service', summary: `${originOf(rule)} cannot be served: ${rule.action.problem}`, details }
  }
  if (service === undefined) {
    return { step: 'service', summary: `${rule.action.service} is not in the registry`, details }
  }
  return { step: 'service', summary: `${service.key}, ${targetOf(service.record)}`, details }
}

function podStep({ host, service, isKnown }: StepOf<'pod'>): Told {
  const names = [...(service.byHostname?.keys() ?? [])].sort()
  const summary = isKnown ? `${host} names one of the Service's Pods` : 'no Pod of the Service has that name'
  return { step: 'pod', summary, details: isKnown ? [] : names.slice(0, SHOWN) }
}

function sourcesStep({ service, isAdmitted, caller }: StepOf<'sources'>): Told {
  const { sources } = service.record
  const field = `spec.loadBalancerSourceRanges of Service ${service.record.namespace}/${service.record.name}`
  if (sources === undefined) return { step: 'source ranges', summary: 'none are set', details: [] }
  const summary = isAdmitted ? `admitted by ${field}` : `refused by ${field}`
  return { step: 'source ranges', summary, details: [...maskLines(caller), ...sources.slice(0, SHOWN)] }
}

function freshnessStep({ observedMsAgo, maxStaleMs }: StepOf<'freshness'>): Told {
  const age = Number.isFinite(observedMsAgo) ? `${seconds(observedMsAgo)} ago` : 'nobody can tell when'
  return {
    step: 'freshness',
    summary: `the cluster was last observed ${age}, and --max-stale is ${seconds(maxStaleMs)}`,
    details: [
      "the addresses of its Pods may be others' by now; Services that are reached by nodes, or prove their identity over TLS, go on",
    ],
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function endpointsStep(
  { service, endpoints, isByName }: StepOf<'endpoints'>,
  { table, balance, present }: StepParts,
): Told {
  const { target } = service.record
  const slices = table.slicesOf(service.record)
  // Asked for by name, the others have no part in it.
  const out = isByName ? [] : passedOver(service.record, slices, table.nodes, table.place, endpoints)
  // Nodes are counted where they are asked, and the endpoints behind them are not.
  const isOfPods = target.type === 'pod' && !isByName
  const refused = !isOfPods ? 0 : slices.reduce((sum, slice) => sum + (slice.refused ?? 0), 0)
  const details = [
    ...endpoints.slice(0, SHOWN).map((endpoint) => endpointLine(endpoint, balance)),
    ...out.slice(0, SHOWN).map(({ address, pod, node, reason }) => {
      const name = pod ?? node
      return `${address}${name === undefined ? '' : ` (${name})`} is out: ${reason}`
    }),
    ...(target.type === 'node' && table.nodes.size === 0
      ? ['no Node has been seen: there is none to ask']
      : []),
    ...(isByName ? [] : refusedEndpoints(service.record, table)),
    ...(target.type === 'external' ? (present.externalTroubles?.(target.name) ?? []) : []),
  ]
  const others = `${out.length} cannot${refused === 0 ? '' : `, ${refused} refused`}`
  return { step: 'endpoints', summary: `${endpoints.length} can serve, ${others}`, details }
}

function policyStep(
  { caller, service, endpoints, candidates }: StepOf<'network-policy'>,
  { table, road }: StepParts,
): Told {
  const step = 'network policy'
  if (road.networkPolicy === 'off') return { step, summary: 'not asked (--network-policy off)', details: [] }
  if (endpoints.every(({ guards }) => guards.length === 0))
    return { step, summary: 'no NetworkPolicy selects its Pods', details: [] }
  const details = endpoints
    .slice(0, SHOWN)
    .flatMap((endpoint) =>
      endpoint.guards.map((guard) => guardLine(endpoint, guard, table.policy(guard.policy), caller, service)),
    )
  const summary = `${counted(candidates.length, 'endpoint')} of ${endpoints.length} admit${candidates.length === 1 ? 's' : ''} the client`
  const effect = road.networkPolicy === 'report' ? ', only reported (--network-policy report)' : ''
  return { step, summary: `${summary}${effect}`, details: [...maskLines(caller), ...details] }
}

function originOf({ origin }: Rule): string {
  return `${origin.kind} ${origin.namespace}/${origin.name}`
}
