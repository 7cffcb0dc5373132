import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { ServiceRecord } from '../model/records.ts'
import { accessAnnotations } from './access-schema.ts'
import { annotationField, type Reading, type Readings, serviceProblem } from './annotations.ts'
import { jwtAnnotations } from './jwt-schema.ts'
import { limitAnnotations } from './limit-schema.ts'

const ids = Object.keys(limitAnnotations) as readonly (keyof typeof limitAnnotations)[]

/** Whether an annotation that says who may come, or how much, cannot be read: then nobody may. */
export function isShut(readings: Readings): boolean {
  return ids.some((id) => readings[id].state === 'invalid')
}

/** What annotations say of who may come, and how much; nothing where they are silent. */
export function limitsOf(readings: Readings): Pick<ServiceRecord, 'clients' | 'limits'> {
  const clients = given({ allow: asked(readings.allowCidrs), deny: asked(readings.denyCidrs) })
  const limits = given({
    bodyBytes: asked(readings.maxBodySize),
    headerBytes: asked(readings.maxHeaderSize),
    concurrent: asked(readings.maxConcurrentRequests),
    rate: asked(readings.rateLimit),
  })
  return { ...(clients && { clients }), ...(limits && { limits }) }
}

/** A rate that is counted by what nobody is asked for would be none. */
export function findUncountable(service: Service, readings: Readings): Problem | undefined {
  const by = asked(readings.rateLimit)?.key.type
  const needed =
    by === 'claim'
      ? { reading: readings.jwtIssuer, annotation: jwtAnnotations.jwtIssuer }
      : by === 'api-key'
        ? { reading: readings.apiKeys, annotation: accessAnnotations.apiKeys }
        : undefined
  if (needed === undefined || needed.reading.state === 'valid') return undefined
  const { name, example } = needed.annotation
  return serviceProblem(service, {
    code: 'auth-incomplete',
    severity: 'error',
    field: annotationField(limitAnnotations.rateLimit.name),
    message: `Cannot count by ${by}: without ${name} no client shows one that is true`,
    hint: `Add ${name}: "${example}", or count by another key. Until then the hostnames answer 503.`,
  })
}

function asked<T>(reading: Reading<T>): T | undefined {
  return reading.state === 'valid' ? reading.value : undefined
}

/** The members that are there; undefined when there are none. */
function given<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } | undefined {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  // The same keys with the values that they had, which TypeScript cannot follow through the entries.
  return entries.length === 0
    ? undefined
    : (Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> })
}
