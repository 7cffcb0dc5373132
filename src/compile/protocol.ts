import type { ServicePort } from '../model/objects/service.ts'
import type { ServiceRecord } from '../model/records.ts'

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

/** @returns undefined when the value is unknown. Absent is http. */
export function protocolOf({ appProtocol }: ServicePort): Protocol | undefined {
  if (appProtocol === undefined) return 'http'
  const name = appProtocol.toLowerCase()
  return Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : undefined
}

export function isCarried(protocol: Protocol): boolean {
  return CARRIED.has(protocol)
}
