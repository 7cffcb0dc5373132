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
