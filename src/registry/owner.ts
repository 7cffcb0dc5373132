/**
 * Which leaf of the hash tree holds a record: all that one host, Service or Node needs lies in few leaves, so
 * that a proof for one host stays small.
 */
export function ownerOf(kind: string, key: string): string {
  switch (kind) {
    case 'route':
      return `host:${key}`
    case 'challenge':
      // With the host's route, so that whoever holds the one holds the other.
      return `host:${upToLast('/', key)}`
    case 'service':
      return `service:${upToLast(':', key)}`
    case 'endpoints':
      return `service:${upToLast('/', key)}`
    case 'node':
      // One leaf: whoever is sent to nodes can tell that none was withheld.
      return 'nodes'
    default:
      return `${kind}:${key}`
  }
}

/** Names a record among all kinds. Injective: a record moved to another kind or key changes the root. */
export function recordId(kind: string, key: string): string {
  return JSON.stringify([kind, key])
}

function upToLast(separator: string, key: string): string {
  const end = key.lastIndexOf(separator)
  return end < 0 ? key : key.slice(0, end)
}
