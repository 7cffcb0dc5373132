import { excerpt } from '../model/excerpt.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'

const KNOWN: readonly string[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

/** It only prefers, so that a value that is not known keeps nobody out. */
export function findUnknownDistribution(service: Service): Problem[] {
  const { trafficDistribution = '' } = service.spec
  if (trafficDistribution === '' || KNOWN.includes(trafficDistribution)) return []
  return [
    serviceProblem(service, {
      code: 'field-unknown',
      severity: 'warning',
      field: 'spec.trafficDistribution',
      message: `Unknown trafficDistribution "${excerpt(trafficDistribution, 100)}"`,
      hint: 'Use PreferSameZone or PreferSameNode. Until then no endpoint is preferred by it.',
    }),
  ]
}
