import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import {
  type PathMatch,
  type RuleAction,
  type RuleOrigin,
  type ServiceRecord,
  serviceKey,
} from '../model/records.ts'
import { annotationField, type Readings, readAnnotations, serviceProblem } from './annotations.ts'
import { type Claim, hostsOf } from './claim.ts'
import { findOpenNodePort } from './node-port.ts'
import type { CompileOptions } from './output.ts'
import { choosePort } from './port.ts'
import { isCarried, type Protocol, protocolOf } from './protocol.ts'
import { annotations } from './schema.ts'
import { sourcesOf } from './sources.ts'

const TIMEOUT_MS = 60_000
const IDLE_TIMEOUT_MS = 300_000

/** What one Service asks for: places on hosts, and how its endpoints are reached. */
export interface CompiledService {
  readonly claims: readonly Claim[]
  readonly record: ServiceRecord | undefined
  readonly problems: readonly Problem[]
}

const NOTHING: CompiledService = { claims: [], record: undefined, problems: [] }

/** Compiles a Service by itself: no other object is looked at, so that only its own change recompiles it. */
export function compileService(service: Service, options: CompileOptions): CompiledService {
  const { readings, problems } = readAnnotations(service)
  if (!isExposed(service, readings, options)) {
    return { ...NOTHING, problems: [...problems, ...unusedAnnotations(service, readings)] }
  }
  const backend = compileBackend(service, readings)
  const hosts = hostsOf(service, readings.host, options)
  const stripped = stripPrefix(service, readings)
  return {
    claims: claim(service, hosts.hosts, readings, withStripPrefix(backend.action, stripped.prefix)),
    record: backend.record,
    problems: [...problems, ...backend.problems, ...hosts.problems, ...stripped.problems],
  }
}

/** By annotation, or as a load balancer of our class unless the annotation says no. */
function isExposed({ spec }: Service, { expose }: Readings, { loadBalancerClass }: CompileOptions): boolean {
  if (expose.state !== 'absent') return expose.state === 'valid' && expose.value
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === loadBalancerClass
}

function claim(service: Service, hosts: readonly string[], readings: Readings, action: RuleAction): Claim[] {
  const { namespace, name, creationTimestamp } = service.meta
  const origin: RuleOrigin = { kind: 'Service', namespace, name }
  // What restricts access fails closed: with no telling which hosts and paths are meant, none is served.
  const isReadable = [readings.host, readings.path, readings.pathType].every(
    ({ state }) => state !== 'invalid',
  )
  const rule = isReadable ? { path: pathOf(readings), action, origin } : undefined
  return hosts.map((host) => ({ host, createdAt: creationTimestamp, origin, rule }))
}

/** `/api/` and `/api` are the same prefix. */
function pathOf(readings: Readings): PathMatch {
  const type = valueOr(readings.pathType, 'prefix')
  const value = valueOr(readings.path, '/')
  return { type, value: type === 'prefix' && value.length > 1 ? value.replace(/\/$/, '') : value }
}

interface Backend {
  readonly action: RuleAction
  readonly record: ServiceRecord | undefined
  readonly problems: readonly Problem[]
}

function compileBackend(service: Service, readings: Readings): Backend {
  if (service.spec.type === 'ExternalName') {
    return unavailable(service, 'service-type-unsupported', 'spec.type', {
      message: 'A Service of type ExternalName cannot be exposed',
      hint: 'Expose a Service with endpoints in the cluster.',
    })
  }
  if (readings.port.state === 'invalid')
    return { action: closed('annotation-invalid'), record: undefined, problems: [] }
  const chosen = choosePort(service, readings.port.state === 'valid' ? readings.port.value : undefined)
  if (!chosen.ok)
    return { action: closed(chosen.problem.code), record: undefined, problems: [chosen.problem] }
  const { port } = chosen
  const protocol = protocolOf(port)
  if (protocol === undefined) {
    return unavailable(service, 'protocol-unknown', `spec.ports[port=${port.port}].appProtocol`, {
      message: `Unknown appProtocol "${port.appProtocol}"`,
      hint: 'Use http (or leave appProtocol out), or kubernetes.io/ws for WebSocket.',
    })
  }
  const sources = sourcesOf(service)
  if (!sources.ok)
    return { action: closed(sources.problem.code), record: undefined, problems: [sources.problem] }
  const backend = compileTarget(service, port, readings, { protocol, sources: sources.cidrs })
  return isCarried(protocol) ? backend : closedFor(service, port, backend)
}

/** The record stands, for those who look; requests are answered 503. */
function closedFor(service: Service, port: ServicePort, { record, problems }: Backend): Backend {
  const closed = unavailable(service, 'protocol-unsupported', `spec.ports[port=${port.port}].appProtocol`, {
    message: `Cannot carry appProtocol "${port.appProtocol}" yet`,
    hint: 'Use http (or leave appProtocol out), or kubernetes.io/ws for WebSocket.',
  })
  return { ...closed, record, problems: [...problems, ...closed.problems] }
}

interface PortFacts {
  readonly protocol: Protocol
  readonly sources: readonly string[]
}

function compileTarget(
  service: Service,
  port: ServicePort,
  readings: Readings,
  { protocol, sources }: PortFacts,
): Backend {
  const byType = service.spec.type === 'NodePort' ? 'node' : 'pod'
  const toNode = valueOr(readings.target, byType) === 'node'
  if (toNode && port.nodePort === undefined) {
    return unavailable(service, 'node-port-missing', `spec.ports[port=${port.port}].nodePort`, {
      message: `Requests are to go to nodes, but port ${port.port} has no nodePort`,
      hint: `Give the Service type NodePort, or set ${annotations.target.name}: "pod".`,
    })
  }
  const { namespace, name } = service.meta
  const spillOver = valueOr<number | undefined>(readings.spillOver, undefined)
  const record: ServiceRecord = {
    namespace,
    name,
    port: port.port,
    portName: port.name,
    protocol,
    target:
      toNode && port.nodePort !== undefined
        ? { type: 'node', nodePort: port.nodePort, onlyLocal: service.spec.externalTrafficPolicy === 'Local' }
        : { type: 'pod' },
    families: [...service.spec.ipFamilies],
    balance: valueOr(readings.balance, 'least-request'),
    affinity: service.spec.sessionAffinity === 'ClientIP' ? 'client-ip' : 'none',
    ...(spillOver === undefined ? {} : { spillOver }),
    ...(sources.length === 0 ? {} : { sources: [...sources] }),
    timeoutMs: valueOr(readings.timeout, TIMEOUT_MS),
    idleTimeoutMs: valueOr(readings.idleTimeout, IDLE_TIMEOUT_MS),
  }
  return {
    action: { type: 'forward', service: serviceKey(namespace, name, port.port) },
    record,
    problems: [
      ...(toNode && record.affinity === 'client-ip' ? [affinityBehindNode(service)] : []),
      ...findOpenNodePort(service, port, toNode),
    ],
  }
}

/** kube-proxy keeps clients apart by the address that it sees, and behind a gateway that is the gateway's. */
function affinityBehindNode(service: Service): Problem {
  return serviceProblem(service, {
    code: 'affinity-behind-node',
    severity: 'warning',
    field: 'spec.sessionAffinity',
    message: 'sessionAffinity ClientIP behind a NodePort sends all clients of a gateway to one Pod of a node',
    hint: `Set ${annotations.target.name}: "pod", so that the gateway keeps each client at its Pod.`,
  })
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

function valueOr<T>(
  reading: { state: 'absent' | 'invalid' } | { state: 'valid'; value: T },
  otherwise: T,
): T {
  return reading.state === 'valid' ? reading.value : otherwise
}

function closed(problem: ProblemCode): RuleAction {
  return { type: 'unavailable', problem }
}

function unavailable(
  service: Service,
  code: ProblemCode,
  field: string,
  text: { message: string; hint: string },
): Backend {
  const problem = serviceProblem(service, { code, severity: 'error', field, ...text })
  return { action: closed(code), record: undefined, problems: [problem] }
}
