import type { RequestHead } from '../plan.ts'
import { SHOWN } from './problems.ts'
import type { StepOf, Told } from './steps.ts'

/** Allow and deny lists in words. */
export function listsStep({ service: { record, lists }, verdict }: StepOf<'lists'>): Told {
  const of = `of Service ${record.namespace}/${record.name}`
  const { allow = [], deny = [] } = record.clients ?? {}
  const [field, blocks] =
    verdict === 'denied' || lists?.allow === undefined
      ? [`postern.dev/deny-cidrs ${of}`, deny]
      : [`postern.dev/allow-cidrs ${of}`, allow]
  const summary =
    verdict === 'admitted'
      ? `admitted by ${field}`
      : verdict === 'denied'
        ? `refused by ${field}`
        : `not among ${field}`
  return { step: 'client lists', summary, details: blocks.slice(0, SHOWN) }
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
      `postern.dev/max-body-size: ${head.field('content-length') ?? 'unknown'} of ${bodyBytes} bytes`,
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
