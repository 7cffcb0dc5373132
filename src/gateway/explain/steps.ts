import type { RequestHead, Step } from '../road.ts'
import { accessStep } from './access-step.ts'
import { backendTlsStep } from './backend-tls-step.ts'
import { clientStep } from './client-step.ts'
import { endpointsStep, freshnessStep, policyStep } from './endpoint-steps.ts'
import { concurrencyStep, listsStep, rateStep, sizeStep, sourcesStep } from './limit-steps.ts'
import { challengeStep, hostStep, podStep, routeStep, ruleStep, serviceStep } from './route-steps.ts'
import type { StepParts, Told } from './step-parts.ts'
import { tlsStep } from './tls-step.ts'
import { tokenStep } from './token-step.ts'

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
