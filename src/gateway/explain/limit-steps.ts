import type { RequestHead } from '../road.ts'
import { maskLines } from './client-step.ts'
import { SHOWN } from './problems.ts'
import type { StepOf, Told } from './step-parts.ts'

/** The source ranges of the Service, in words. */
export function sourcesStep({ service, isAdmitted, caller }: StepOf<'sources'>): Told {
  const { sources } = service.record
  const field = `spec.loadBalancerSourceRanges of Service ${service.record.namespace}/${service.record.name}`
  if (sources === undefined) return { step: 'source ranges', summary: 'none are set', details: [] }
  const summary = isAdmitted ? `admitted by ${field}` : `refused by ${field}`
  return { step: 'source ranges', summary, details: [...maskLines(caller), ...sources.slice(0, SHOWN)] }
}

/** Allow and deny lists in words. */
export function listsStep({ service: { record }, verdict }: StepOf<'lists'>): Told {
  const of = `of Service ${record.namespace}/${record.name}`
  const { allow, deny = [] } = record.clients ?? {}
  const isOfDeny = verdict === 'denied' || allow === undefined
  const field = `${isOfDeny ? 'postern.dev/deny-cidrs' : 'postern.dev/allow-cidrs'} ${of}`
  const says = {
    admitted: isOfDeny ? 'not among' : 'admitted by',
    denied: 'refused by',
    'not-allowed': 'not among',
  }
  const blocks = isOfDeny ? deny : allow
  return { step: 'client lists', summary: `${says[verdict]} ${field}`, details: blocks.slice(0, SHOWN) }
}

/** What the head tells of the request's size, in words. */
export function sizeStep({ service: { record }, fault }: StepOf<'size'>, head: RequestHead): Told {
  const { headerBytes, bodyBytes } = record.limits ?? {}
  const details: string[] = []
  if (headerBytes !== undefined) {
    details.push(`postern.dev/max-header-size: ${head.headerBytes?.() ?? 'unknown'} of ${headerBytes} bytes`)
  }
  if (bodyBytes !== undefined) {
    details.push(
      `postern.dev/max-body-size: ${head.field('content-length') ?? 'no length told'} of ${bodyBytes} bytes`,
    )
  }
  const field =
    fault === 'request-head-too-large' ? 'postern.dev/max-header-size' : 'postern.dev/max-body-size'
  const of = `of Service ${record.namespace}/${record.name}`
  const summary = fault === undefined ? 'within the limits' : `refused by ${field} ${of}`
  return { step: 'size', summary, details }
}

/** How many requests are under way, in words. */
export function concurrencyStep({ service: { record }, underWay, isAdmitted }: StepOf<'concurrency'>): Told {
  const field = `postern.dev/max-concurrent-requests of Service ${record.namespace}/${record.name}`
  const of = `of at most ${record.limits?.concurrent} under way`
  if (underWay === undefined)
    return { step: 'concurrency', summary: `not counted here: ${field}`, details: [of] }
  const summary = isAdmitted ? `within ${field}` : `refused by ${field}`
  return { step: 'concurrency', summary, details: [`${underWay} ${of}`] }
}

/** What is left of the client's allowance, in words. */
export function rateStep({ service: { record }, limit, verdict }: StepOf<'rate'>): Told {
  const field = `postern.dev/rate-limit of Service ${record.namespace}/${record.name}`
  const { count, periodMs, burst, key } = limit
  const by = 'name' in key ? `${key.type} ${key.name}` : key.type
  const details = [`${count} in ${periodMs / 1000} s, burst ${burst}, by ${by}, ${limit.scope}`]
  switch (verdict?.type) {
    case undefined:
      return { step: 'rate', summary: `not counted here: ${field}`, details }
    case 'admitted':
      return {
        step: 'rate',
        summary: `within ${field}`,
        details: [...details, `${verdict.left} more at once`],
      }
    case 'exceeded': {
      const wait = `the next in ${Math.ceil(verdict.waitMs)} ms`
      return { step: 'rate', summary: `refused by ${field}`, details: [...details, wait] }
    }
    case 'unavailable': {
      const why = 'what all gateways count together cannot be reached, and on-error is closed'
      return { step: 'rate', summary: `refused by ${field}`, details: [...details, why] }
    }
  }
}
