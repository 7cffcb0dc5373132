const podNetwork = ipv4(10, 64, 0, 0)
/** Local in a network namespace of our own (infra/dev/netns.ts). */
const localNetwork = ipv4(10, 244, 0, 0)
const localAddresses = 65_000
const serviceNetwork = ipv4(10, 96 + 32, 0, 0)
const nodeNetwork = ipv4(192, 168, 0, 0)
const refusedNetwork = ipv4(203, 0, 0, 0)

/** Of the n-th Pod there has been. A local one can be listened on. */
export function podAddress(pod: number, isLocal: boolean): string {
  return formatIpv4(isLocal ? localNetwork + 1 + (pod % localAddresses) : podNetwork + 1 + pod)
}

export function serviceAddress(service: number): string {
  return formatIpv4(serviceNetwork + 1 + service)
}

export function nodeAddress(node: number): string {
  return formatIpv4(nodeNetwork + 1 + node)
}

/** A network that a namespace's NetworkPolicy refuses: no two namespaces have the same policy. */
export function refusedBy(namespace: number): string {
  return `${formatIpv4(refusedNetwork + namespace * 256)}/24`
}

export function uidOf(kind: string, at: number): string {
  const prefix = kind.length.toString(16).padStart(8, '0')
  return `${prefix}-0000-4000-8000-${at.toString(16).padStart(12, '0')}`
}

function ipv4(...bytes: readonly [number, number, number, number]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
