import { stringify } from 'yaml'
import { MAX_HOSTS } from '../../src/compile/schema.ts'

/** The equal work of every proxy: this many hosts over this many pools of two servers. */
export const hostCount = 10_000
export const poolCount = 10
export const backendPort = 9000
export const backendAddresses = ['127.0.0.1', '127.0.0.2']
export const backendBody = 'x'.repeat(100)
/** What the backend serves besides, each at the path of its name. */
export const files = [
  { name: '64k', bytes: 65_536 },
  { name: '1m', bytes: 1_048_576 },
] as const
/** Where the backend sends WebSocket messages back. */
export const echoPath = '/echo'
/** Where the backend takes uploads, slowly. */
export const uploadPath = '/upload'
/** More than fits between a backend and a client that does not read. */
export const largePath = '/large'
export const largeBytes = 2 ** 28

const pools = Array.from({ length: poolCount }, (_, pool) => pool)

export function hostName(host: number): string {
  return `svc-${host}.ns.example.com`
}

/** Lines `host pool`, each closed by `end`: HAProxy's and nginx's map files. */
export function hostMap(end: string): string {
  return numbers(hostCount)
    .map((host) => `${hostName(host)} b${host % poolCount}${end}\n`)
    .join('')
}

/** The names of each pool's hosts. */
export function hostsOfPools(hosts = hostCount): string[][] {
  return pools.map((pool) =>
    numbers(hosts)
      .filter((host) => host % poolCount === pool)
      .map(hostName),
  )
}

/** From host to host so many, that no more are asked than told, and of every pool. */
export function stepOf(hosts: number, asked: number): number {
  let step = Math.ceil(hosts / asked)
  while (step > 1 && (step % 2 === 0 || step % 5 === 0)) step++
  return step
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

/**
 * The same hosts and pools as Kubernetes objects: selector-less Services, each with as many hosts of one pool as a
 * Service may have, and a slice with the pool's servers.
 */
export function manifests(hosts = hostCount): string {
  const objects = hostsOfPools(hosts).flatMap((names, pool) => {
    const groups = Array.from({ length: Math.ceil(names.length / MAX_HOSTS) }, (_, group) =>
      names.slice(group * MAX_HOSTS, (group + 1) * MAX_HOSTS),
    )
    return groups.flatMap((group, i) => [service(`b${pool}-${i}`, group), endpointSlice(`b${pool}-${i}`)])
  })
  return objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n')
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

function service(name: string, names: readonly string[]) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'ns',
      annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': names.join(',') },
    },
    spec: { ports: [{ port: 80 }] },
  }
}

function endpointSlice(service: string) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-1`,
      namespace: 'ns',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: backendPort }],
    endpoints: backendAddresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  }
}
