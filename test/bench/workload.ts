import { stringify } from 'yaml'

/** The equal work of every proxy: this many hosts over this many pools of two servers. */
export const hostCount = 10_000
export const poolCount = 10
export const backendPort = 9000
export const backendAddresses = ['127.0.0.1', '127.0.0.2']
export const backendBody = 'x'.repeat(100)

const pools = Array.from({ length: poolCount }, (_, pool) => pool)
const hosts = Array.from({ length: hostCount }, (_, host) => host)

export function hostName(host: number): string {
  return `svc-${host}.ns.example.com`
}

/** Lines `host pool`, each closed by `end`: HAProxy's and nginx's map files. */
export function hostMap(end: string): string {
  return hosts.map((host) => `${hostName(host)} b${host % poolCount}${end}\n`).join('')
}

export function nginxPools(): string {
  const servers = backendAddresses.map((address) => `server ${address}:${backendPort};`).join(' ')
  const tail = 'keepalive 128; keepalive_requests 100000000;'
  return pools.map((pool) => `  upstream b${pool} { least_conn; ${servers} ${tail} }`).join('\n')
}

export function haproxyPools(): string {
  const servers = backendAddresses
    .map((address, at) => `  server s${at} ${address}:${backendPort}`)
    .join('\n')
  return pools.map((pool) => `backend b${pool}\n  balance leastconn\n${servers}`).join('\n')
}

/** The same hosts and pools as Kubernetes objects: a selector-less Service and its slice for each pool. */
export function manifests(): string {
  const objects = pools.flatMap((pool) => [service(pool), endpointSlice(pool)])
  return objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n')
}

function service(pool: number) {
  const names = hosts.filter((host) => host % poolCount === pool).map(hostName)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `svc-${pool}`,
      namespace: 'ns',
      annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': names.join(',') },
    },
    spec: { ports: [{ port: 80 }] },
  }
}

function endpointSlice(pool: number) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `svc-${pool}-1`,
      namespace: 'ns',
      labels: { 'kubernetes.io/service-name': `svc-${pool}` },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: backendPort }],
    endpoints: backendAddresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  }
}
