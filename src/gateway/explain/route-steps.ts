import { counted } from '../../model/counted.ts'
import type { Rule } from '../../model/records.ts'
import { matchesPath } from '../../route/match.ts'
import type { RequestHead } from '../road.ts'
import { targetOf } from './endpoints.ts'
import { nearHosts } from './near-hosts.ts'
import { hostProblems, SHOWN } from './problems.ts'
import type { StepOf, StepParts, Told } from './step-parts.ts'

/** Which host is asked for, in words. */
export function hostStep({ authority, host }: StepOf<'host'>, head: RequestHead): Told {
  if (host !== undefined) return { step: 'host', summary: host, details: [] }
  const summary = `no host can be read off ${authority === undefined ? 'the request' : `"${authority}"`}`
  return {
    step: 'host',
    summary,
    details: [`target ${head.target}, ${counted(head.hosts.length, 'Host field')}`],
  }
}

/** Whether it is exposed, in words. */
export function routeStep({ host, route }: StepOf<'route'>, { table }: StepParts): Told {
  const problems = hostProblems(host, table.problems())
  if (route !== undefined) {
    const how = route.host === host ? 'exactly' : `as ${route.host}`
    return { step: 'route', summary: `${host} is exposed ${how}`, details: problems }
  }
  const near = nearHosts(host, table.routes())
  const details = near.length === 0 ? problems : [...problems, `near misses: ${near.join(', ')}`]
  return { step: 'route', summary: `nothing is exposed at ${host}`, details }
}

/** What a certificate authority is answered, in words. */
export function challengeStep({ host, token }: StepOf<'challenge'>): Told {
  const summary = `a certificate authority asks whether ${host} is ours: it is answered here (docs/acme.md)`
  return { step: 'challenge', summary, details: [`challenge ${host}/${token} of the registry`] }
}

/** Whose path it is, in words. */
export function ruleStep({ path, route, rule, isAmbiguous }: StepOf<'rule'>): Told {
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

/** What stands behind the rule, in words. */
export function serviceStep({ rule, service }: StepOf<'service'>, { table }: StepParts): Told {
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

/** Which of its Pods the host names, in words. */
export function podStep({ host, service, isKnown }: StepOf<'pod'>): Told {
  const names = [...(service.byHostname?.keys() ?? [])].sort()
  const summary = isKnown ? `${host} names one of the Service's Pods` : 'no Pod of the Service has that name'
  return { step: 'pod', summary, details: isKnown ? [] : names.slice(0, SHOWN) }
}

function originOf({ origin }: Rule): string {
  return `${origin.kind} ${origin.namespace}/${origin.name}`
}
