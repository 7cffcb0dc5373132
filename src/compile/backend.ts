import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { type RuleAction, type ServiceRecord, serviceKey } from '../model/records.ts'
import { type AccessReading, accessOf } from './access.ts'
import { type Readings, serviceProblem, valueOr } from './annotations.ts'
import { type BackendTlsReading, backendTlsOf } from './backend-tls.ts'
import { type JwtReading, jwtOf } from './jwt.ts'
import { findUncountable, isShut, limitsOf } from './limits.ts'
import { findOpenNodePort } from './node-port.ts'
import type { CompileOptions, Part } from './output.ts'
import { choosePort, portField } from './port.ts'
import { HINT, isCarried, protocolOf } from './protocol.ts'
import { annotations } from './schema.ts'
import { sourcesOf } from './sources.ts'
import { targetOf } from './target.ts'
import { findUnknownDistribution } from './traffic-distribution.ts'

const TIMEOUT_MS = 60_000
const IDLE_TIMEOUT_MS = 300_000

/** What is behind a Service's rules. */
export interface Backend {
  readonly action: RuleAction
  readonly record: ServiceRecord | undefined
  readonly problems: readonly Problem[]
}

/** How a Service's requests reach it. What cannot be served as asked is answered 503, and says why. */
export function compileBackend(service: Service, readings: Readings, options: CompileOptions): Backend {
  if (readings.port.state === 'invalid' || isShut(readings)) {
    return { action: { type: 'unavailable', problem: 'annotation-invalid' }, record: undefined, problems: [] }
  }
  const asked = valueOr<string | number | undefined>(readings.port, undefined)
  const port = choosePort(service, asked, valueOr(readings.backendProtocol, 'http') === 'https' ? 443 : 80)
  if (!port.ok) return refused(port.problem)
  const target = targetOf(service, port.value, readings, options)
  const protocol = protocolOf(service, port.value, readings)
  const sources = sourcesOf(service)
  // All at once: whoever mends one fault should not find the next one only then.
  if (!target.ok) return refused(target.problem, faultsOf(protocol, sources))
  if (!protocol.ok) return refused(protocol.problem, faultsOf(sources))
  const carriage = isCarried(protocol.value) ? [] : [uncarried(service, port.value)]
  if (!sources.ok) return refused(sources.problem, carriage)
  const facts = { target: target.value, protocol: protocol.value }
  const jwt = jwtOf(service, readings)
  const access = accessOf(service, readings)
  const tls = backendTlsOf(service, readings, facts, options)
  if (jwt.state === 'closed' || access.state === 'closed' || tls.state === 'closed') {
    return closed(jwt, access, tls)
  }
  const uncountable = findUncountable(service, readings)
  if (uncountable !== undefined) return refused(uncountable)
  const record = recordOf(service, port.value, readings, {
    ...facts,
    ...(tls.state === 'none' ? {} : { tls: tls.tls }),
    ...(sources.value.length === 0 ? {} : { sources: [...sources.value] }),
    ...(jwt.state === 'none' ? {} : { jwt: jwt.policy }),
    ...(access.state === 'none' ? {} : { access: access.policy }),
  })
  const problems = [
    ...(tls.state === 'none' ? [] : tls.problems),
    ...affinityBehindNode(service, record),
    ...findUnknownDistribution(service),
    ...findOpenNodePort(service, port.value, record.target.type === 'node'),
  ]
  const [refusal] = carriage
  // The record stands, for those who look; requests are answered 503.
  if (refusal !== undefined) return { ...refused(refusal, problems), record }
  return {
    action: { type: 'forward', service: serviceKey(record.namespace, record.name, record.port) },
    record,
    problems,
  }
}

function recordOf(
  service: Service,
  port: ServicePort,
  readings: Readings,
  facts: Pick<ServiceRecord, 'target' | 'protocol' | 'tls' | 'sources' | 'jwt' | 'access'>,
): ServiceRecord {
  const { meta, spec } = service
  const spillOver = valueOr<number | undefined>(readings.spillOver, undefined)
  return {
    namespace: meta.namespace,
    name: meta.name,
    port: port.port,
    portName: port.name,
    ...facts,
    ...(spec.clusterIP === 'None' ? { headless: true as const } : {}),
    families: [...spec.ipFamilies],
    balance: valueOr(readings.balance, 'least-request'),
    affinity: spec.sessionAffinity === 'ClientIP' ? 'client-ip' : 'none',
    ...(spillOver === undefined ? {} : { spillOver }),
    ...limitsOf(readings),
    timeoutMs: valueOr(readings.timeout, TIMEOUT_MS),
    idleTimeoutMs: valueOr(readings.idleTimeout, IDLE_TIMEOUT_MS),
  }
}

/** Who may come, or who is spoken to, is only half said: all that is wrong with that is told. */
function closed(...readings: readonly (JwtReading | AccessReading | BackendTlsReading)[]): Backend {
  const shut = readings.filter((reading) => reading.state === 'closed')
  const problems = shut.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  const code = shut[0]?.code ?? 'annotation-invalid'
  return { action: { type: 'unavailable', problem: code }, record: undefined, problems }
}

function refused(problem: Problem, others: readonly Problem[] = []): Backend {
  const action = { type: 'unavailable', problem: problem.code } as const
  return { action, record: undefined, problems: [problem, ...others] }
}

function faultsOf(...parts: readonly Part<unknown>[]): Problem[] {
  return parts.flatMap((part) => (part.ok ? [] : [part.problem]))
}

function uncarried(service: Service, port: ServicePort): Problem {
  return serviceProblem(service, {
    code: 'protocol-unsupported',
    severity: 'error',
    field: portField(service, port, 'appProtocol'),
    message: `Cannot carry appProtocol "${port.appProtocol}" yet`,
    hint: HINT,
  })
}

/** kube-proxy tells clients apart by the address that it sees, and behind a gateway that is the gateway's. */
function affinityBehindNode(service: Service, { target, affinity }: ServiceRecord): Problem[] {
  if (target.type !== 'node' || affinity === 'none') return []
  const problem = serviceProblem(service, {
    code: 'affinity-behind-node',
    severity: 'warning',
    field: 'spec.sessionAffinity',
    message: 'sessionAffinity ClientIP behind a NodePort sends all clients of a gateway to one Pod of a node',
    hint: `Set ${annotations.target.name}: "pod", so that the gateway keeps each client at its Pod.`,
  })
  return [problem]
}
