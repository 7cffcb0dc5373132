import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { ServiceRecord } from '../model/records.ts'
import { annotationField, type Readings, serviceProblem, valueOr } from './annotations.ts'
import { backendTlsAnnotations } from './backend-tls-schema.ts'
import type { Part } from './output.ts'
import { portField } from './port.ts'

export type Protocol = ServiceRecord['protocol']

/** `appProtocol` by lower-case value (Kubernetes' own names, KEP-3726, and what people write for them). */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  http: 'http',
  'kubernetes.io/ws': 'ws',
  ws: 'ws',
  https: 'https',
  'kubernetes.io/wss': 'wss',
  wss: 'wss',
  'kubernetes.io/h2c': 'h2c',
  h2c: 'h2c',
  grpc: 'grpc',
}

/** What the road carries so far. */
const CARRIED: ReadonlySet<Protocol> = new Set(['http', 'ws', 'https', 'wss'])

const OVER_TLS: ReadonlySet<Protocol> = new Set(['https', 'wss'])

/** What `appProtocol` says of a port; where it says nothing that is known, what the annotation says, else http. */
export function protocolOf(
  service: Service,
  port: ServicePort,
  { backendProtocol }: Pick<Readings, 'backendProtocol'>,
): Part<Protocol> {
  const { appProtocol } = port
  const asked = valueOr<'http' | 'https' | undefined>(backendProtocol, undefined)
  const name = appProtocol?.toLowerCase() ?? asked ?? 'http'
  const value = Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : asked
  if (value === undefined) return { ok: false, problem: unknown(service, port) }
  if (asked === undefined || isOverTls(asked) === isOverTls(value)) return { ok: true, value }
  const annotation = backendTlsAnnotations.backendProtocol.name
  const problem = serviceProblem(service, {
    code: 'backend-tls-incomplete',
    severity: 'error',
    field: annotationField(annotation),
    message: `${annotation} is "${asked}", and appProtocol of port ${port.port} "${appProtocol}"`,
    hint: 'Take one of the two away. Until then the hostnames answer 503.',
  })
  return { ok: false, problem }
}

function unknown(service: Service, port: ServicePort): Problem {
  return serviceProblem(service, {
    code: 'protocol-unknown',
    severity: 'error',
    field: portField(service, port, 'appProtocol'),
    message: `Unknown appProtocol "${port.appProtocol}"`,
    hint: HINT,
  })
}

/** What a port may say. */
export const HINT =
  'Use http (or leave appProtocol out) or https; kubernetes.io/ws or kubernetes.io/wss for WebSocket.'

export function isOverTls(protocol: Protocol): boolean {
  return OVER_TLS.has(protocol)
}

export function isCarried(protocol: Protocol): boolean {
  return CARRIED.has(protocol)
}
