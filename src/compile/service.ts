import { PREFIX } from '../model/objects/meta.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleAction, ServiceRecord } from '../model/records.ts'
import { annotationField, type Readings, readAnnotations, serviceProblem, valueOr } from './annotations.ts'
import { compileBackend } from './backend.ts'
import { type Claim, hostsOf } from './claim.ts'
import { defaultHostOf, type HostNaming } from './host-owner.ts'
import type { CompileOptions } from './output.ts'
import { annotations } from './schema.ts'
import { type SecretReference, secretReferencesOf } from './secrets/reference.ts'
import { claimsOf } from './service-claims.ts'
import { tlsOf } from './tls.ts'

/** What one Service asks for: places on hosts, and how its endpoints are reached. */
export interface CompiledService {
  readonly claims: readonly Claim[]
  readonly record: ServiceRecord | undefined
  readonly problems: readonly Problem[]
  /** The Secrets and ConfigMaps that it needs. */
  readonly references: readonly SecretReference[]
}

const NOTHING: CompiledService = { claims: [], record: undefined, problems: [], references: [] }

/** Compiles a Service by itself: no other object is looked at, so that only its own change recompiles it. */
export function compileService(service: Service, options: CompileOptions): CompiledService {
  const { readings, problems } = readAnnotations(service)
  if (!isExposed(service, readings, options)) {
    const all = [...problems, ...unusedAnnotations(service, readings)]
    return { ...NOTHING, problems: withoutHost(service, all, options) }
  }
  const backend = compileBackend(service, readings, options)
  const hosts = hostsOf(service, readings.host, options)
  const stripped = stripPrefix(service, readings)
  const tls = tlsOf(service, readings)
  const action: RuleAction =
    tls.state === 'closed'
      ? { type: 'unavailable', problem: tls.code }
      : withStripPrefix(backend.action, stripped.prefix)
  const asked = tls.state === 'valid' ? tls.tls : undefined
  const claims = claimsOf(service, hosts.hosts, readings, action, options, asked)
  const ofTls = tls.state === 'closed' && tls.problem !== undefined ? [tls.problem] : []
  const all = [...problems, ...backend.problems, ...hosts.problems, ...stripped.problems, ...ofTls]
  return {
    claims,
    record: backend.record,
    problems: claims.length === 0 ? withoutHost(service, all, options) : all,
    references: secretReferencesOf(service, readings),
  }
}

/** The Secrets and ConfigMaps that a Service needs, as {@link compileService} has them. */
export function referencesOf(service: Service, options: CompileOptions): readonly SecretReference[] {
  // Most Services say nothing of ours.
  if (!Object.keys(service.meta.annotations).some((name) => name.startsWith(PREFIX))) return []
  const { readings } = readAnnotations(service)
  return isExposed(service, readings, options) ? secretReferencesOf(service, readings) : []
}

/** Of a Service that has no host, with the one it would have by default: whoever asks there learns why. */
function withoutHost(service: Service, problems: readonly Problem[], naming: HostNaming): readonly Problem[] {
  const host = defaultHostOf(service.meta.name, service.meta.namespace, naming)
  return host === undefined ? problems : problems.map((problem) => ({ host, ...problem }))
}

/** By annotation, or as a load balancer of our class unless the annotation says no. */
function isExposed({ spec }: Service, { expose }: Readings, { loadBalancerClass }: CompileOptions): boolean {
  if (expose.state !== 'absent') return expose.state === 'valid' && expose.value
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === loadBalancerClass
}

function stripPrefix(
  service: Service,
  readings: Readings,
): { prefix: string | undefined; problems: Problem[] } {
  const path = valueOr(readings.path, '/')
  const asked = valueOr(readings.stripPrefix, false)
  const prefix = (asked === true ? path : asked === false ? '' : asked).replace(/\/$/, '')
  if (prefix === '' || path === prefix || path.startsWith(`${prefix}/`)) {
    return { prefix: prefix === '' ? undefined : prefix, problems: [] }
  }
  const problem = serviceProblem(service, {
    code: 'annotation-invalid',
    severity: 'error',
    field: annotationField(annotations.stripPrefix.name),
    message: `Cannot strip "${prefix}": the path "${path}" does not start with it`,
    hint: `Use "true" to strip the whole of ${annotations.path.name}. Until then: ${annotations.stripPrefix.whenInvalid}.`,
  })
  return { prefix: undefined, problems: [problem] }
}

function withStripPrefix(action: RuleAction, prefix: string | undefined): RuleAction {
  return action.type === 'forward' && prefix !== undefined ? { ...action, stripPrefix: prefix } : action
}

function unusedAnnotations(service: Service, readings: Readings): Problem[] {
  if (readings.expose.state !== 'absent') return []
  const used = Object.entries(annotations).find(([id]) => readings[id as keyof Readings].state !== 'absent')
  if (used === undefined) return []
  const [, { name }] = used
  return [
    serviceProblem(service, {
      code: 'annotation-unused',
      severity: 'warning',
      field: annotationField(name),
      message: `${name} has no effect: the Service is not exposed`,
      hint: `Add ${annotations.expose.name}: "true".`,
    }),
  ]
}
