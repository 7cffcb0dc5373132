import { encodeCanonical } from '../../src/model/canonical.ts'
import type { ServiceRecord } from '../../src/model/records.ts'
import type { StoredRecord } from '../../src/registry/port.ts'

const origin = { kind: 'Service', namespace: 'shop', name: 'web' }

/** A route that sends everything to these services, or ('') is unavailable. */
export function routeRecord(host: string, ...services: readonly string[]): StoredRecord {
  const rules = services.map((service, index) => ({
    path: { type: 'prefix', value: index === 0 ? '/' : `/${index}` },
    action:
      service === '' ? { type: 'unavailable', problem: 'annotation-invalid' } : { type: 'forward', service },
    origin,
  }))
  return { kind: 'route', key: host, text: encodeCanonical({ host, rules }) }
}

export function serviceRecord(key: string, target: 'pod' | 'node' = 'pod'): StoredRecord {
  const [namespace = '', name = '', port = ''] = key.split(/[/:]/)
  const value = {
    namespace,
    name,
    port: Number(port),
    portName: '',
    protocol: 'http',
    target: target === 'pod' ? { type: 'pod' } : { type: 'node', nodePort: 30080, onlyLocal: false },
    families: [],
    balance: 'least-request',
    affinity: 'none',
    timeoutMs: 0,
    idleTimeoutMs: 0,
  }
  return { kind: 'service', key, text: encodeCanonical(value) }
}

/** A slice with one endpoint for each address, guarded by the policy of the same place. */
export function endpointsRecord(
  key: string,
  addresses: readonly string[],
  policies: readonly (string | undefined)[] = [],
  port = 8080,
): StoredRecord {
  const endpoints = addresses.map((address, index) => ({
    address,
    ready: true,
    serving: true,
    terminating: false,
    policy: policies[index],
  }))
  const value = { family: 'IPv4', ports: [{ name: '', port }], endpoints }
  return { kind: 'endpoints', key, text: encodeCanonical(value) }
}

export function policyRecord(key: string): StoredRecord {
  return {
    kind: 'policy',
    key,
    text: encodeCanonical({ policies: ['all'], rules: [{ origin: { policy: 'all', ingress: 0 } }] }),
  }
}

export function nodeRecord(name: string): StoredRecord {
  const value = { addresses: ['192.0.2.1'], ready: true, excluded: false }
  return { kind: 'node', key: name, text: encodeCanonical(value) }
}

/** Service shop/web on port 80, to its Pods. */
export const webService: ServiceRecord = {
  namespace: 'shop',
  name: 'web',
  port: 80,
  portName: '',
  protocol: 'http',
  target: { type: 'pod' },
  families: [],
  balance: 'least-request',
  affinity: 'none',
  timeoutMs: 0,
  idleTimeoutMs: 0,
}
