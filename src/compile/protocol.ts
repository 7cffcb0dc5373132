import type { Service, ServicePort } from '../model/objects/service.ts'
import type { ServiceRecord } from '../model/records.ts'
import { serviceProblem } from './annotations.ts'
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
const CARRIED: ReadonlySet<Protocol> = new Set(['http', 'ws'])

/** What `appProtocol` says of a port; absent is http. */
export function protocolOf(service: Service, port: ServicePort): Part<Protocol> {
  const { appProtocol } = port
  const name = appProtocol?.toLowerCase() ?? 'http'
  const value = Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : undefined
  if (value !== undefined) return { ok: true, value }
  const problem = serviceProblem(service, {
    code: 'protocol-unknown',
    severity: 'error',
    field: portField(service, port, 'appProtocol'),
    message: `Unknown appProtocol "${appProtocol}"`,
    hint: 'Use http (or leave appProtocol out), or kubernetes.io/ws for WebSocket.',
  })
  return { ok: false, problem }
}

export function isCarried(protocol: Protocol): boolean {
  return CARRIED.has(protocol)
}
