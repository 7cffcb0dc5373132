import { editsBetween } from '../model/edits.ts'
import { excerpt } from '../model/excerpt.ts'
import { PREFIX } from '../model/objects/meta.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { AnnotationParse } from './annotation.ts'
import { type AnnotationId, type AnnotationValue, annotations } from './schema.ts'

/** What a Service says by one annotation. */
export type Reading<T> =
  | { readonly state: 'absent' }
  | { readonly state: 'valid'; readonly value: T }
  | { readonly state: 'invalid' }

export type Readings = { readonly [K in AnnotationId]: Reading<AnnotationValue<K>> }

const ids = Object.keys(annotations) as readonly AnnotationId[]
const names = ids.map((id) => annotations[id].name)
const ownNames: ReadonlySet<string> = new Set(names.map((name) => name.slice(PREFIX.length)))

/** Reads every annotation of ours off a Service. */
export function readAnnotations(service: Service): { readings: Readings; problems: Problem[] } {
  const problems: Problem[] = []
  const readings: Partial<Record<AnnotationId, Reading<unknown>>> = {}
  for (const id of ids) readings[id] = read(service, id, problems)
  for (const name of Object.keys(service.meta.annotations)) {
    if (isMeantForUs(name) && !names.includes(name)) problems.push(unknownAnnotation(service, name))
  }
  // Each reading was made by the parser of its own id, which TypeScript cannot follow through the loop.
  return { readings: readings as Readings, problems }
}

/** What was read, or what holds otherwise. */
export function valueOr<T>(reading: Reading<T>, otherwise: T): T {
  return reading.state === 'valid' ? reading.value : otherwise
}

/** The field path of an annotation, as problems name it. */
export function annotationField(name: string): string {
  return `metadata.annotations["${name}"]`
}

/** A problem on a Service. */
export function serviceProblem(
  service: Service,
  rest: Omit<Problem, 'kind' | 'namespace' | 'name'>,
): Problem {
  return { kind: 'Service', namespace: service.meta.namespace, name: service.meta.name, ...rest }
}

function read(service: Service, id: AnnotationId, problems: Problem[]): Reading<unknown> {
  const annotation = annotations[id]
  const text = service.meta.annotations[annotation.name]
  if (text === undefined) return { state: 'absent' }
  const parsed: AnnotationParse<unknown> = annotation.parse(text)
  if (parsed.ok) return { state: 'valid', value: parsed.value }
  problems.push(
    serviceProblem(service, {
      code: 'annotation-invalid',
      severity: 'error',
      field: annotationField(annotation.name),
      message: `Cannot read ${annotation.name}: "${excerpt(text, 100)}" is wrong: ${parsed.reason}`,
      hint: `It takes ${annotation.takes}; for example ${annotation.name}: "${annotation.example}". Until then: ${annotation.whenInvalid}.`,
    }),
  )
  return { state: 'invalid' }
}

/** By its prefix, in whatever case; or by a slip of the pen in that, before a name of ours. */
function isMeantForUs(name: string): boolean {
  const lower = name.toLowerCase()
  if (lower.startsWith(PREFIX)) return true
  const end = lower.indexOf('/') + 1
  return ownNames.has(lower.slice(end)) && editsBetween(lower.slice(0, end), PREFIX) <= 2
}

/** The annotation that was meant by a misspelt one; undefined when none is near. */
export function nearestAnnotation(name: string): string | undefined {
  const nearest = names
    .map((known) => ({ known, edits: editsBetween(known, name.toLowerCase()) }))
    .reduce((best, next) => (next.edits < best.edits ? next : best))
  const isNear = nearest.edits <= Math.max(2, Math.floor((name.length - PREFIX.length) / 3))
  return isNear ? nearest.known : undefined
}

function unknownAnnotation(service: Service, name: string): Problem {
  const nearest = nearestAnnotation(name)
  return serviceProblem(service, {
    code: 'annotation-unknown',
    severity: 'error',
    field: annotationField(name),
    message: `Unknown annotation ${name}`,
    hint: nearest === undefined ? `The annotations are ${names.join(', ')}.` : `Did you mean ${nearest}?`,
  })
}
