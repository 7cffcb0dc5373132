/** Where a Redis is, in one of the three shapes that operators run. */
export interface RedisAddress {
  readonly shape: 'single' | 'sentinel' | 'cluster'
  readonly isTls: boolean
  /** The server; of a cluster, some of its nodes; or the sentinels, which know where the master is. */
  readonly nodes: readonly RedisNode[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** Number of the database; a cluster has only 0. */
  readonly db: number
  /** What the sentinels call the master; '' for other shapes. */
  readonly master: string
  /** For the sentinels themselves, which have users of their own. */
  readonly sentinelUsername: string | undefined
  readonly sentinelPassword: string | undefined
}

export interface RedisNode {
  readonly host: string
  readonly port: number
}

export type RedisAddressParse =
  | { readonly ok: true; readonly address: RedisAddress }
  | { readonly ok: false; readonly reason: string }

const URL_PARTS =
  /^(?<tls>rediss?)(?:\+(?<shape>sentinel|cluster))?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/
const NODE = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(?<port>\d{1,5}))?$/
const DB = /^\d{1,4}$/
const SENTINEL_QUERY = ['sentinel-user', 'sentinel-password']

/**
 * `redis://[user:password@]host[:port][/db]`, `redis+cluster://…host[:port],host[:port]`, or
 * `redis+sentinel://…host[:port],host[:port]/master[/db][?sentinel-user=…&sentinel-password=…]`; `rediss` for TLS. User and
 * password are percent-encoded (RFC 3986 §3.2.1). The reason never repeats what was given.
 */
export function parseRedisAddress(text: string): RedisAddressParse {
  const parts = URL_PARTS.exec(text)?.groups
  if (parts === undefined) {
    return fault('not a redis://, redis+sentinel:// or redis+cluster:// URL (rediss for TLS)')
  }
  const shape = parts.shape === 'sentinel' || parts.shape === 'cluster' ? parts.shape : 'single'
  const nodes = (parts.hosts ?? '').split(',').map((host) => parseNode(host, shape))
  if (nodes.some((node) => node === undefined)) return fault('a host is not HOST or HOST:PORT')
  if (shape === 'single' && nodes.length > 1) {
    return fault('several hosts: redis+sentinel:// or redis+cluster:// has several')
  }
  const path = (parts.path ?? '').split('/').slice(1).map(decode)
  const master = shape === 'sentinel' ? (path.shift() ?? '') : ''
  if (shape === 'sentinel' && master === '')
    return fault('does not name the master after the sentinels: …/MASTER')
  const [db = '', ...rest] = path
  if (rest.length > 0 || (db !== '' && !DB.test(db))) return fault('the database is not a number')
  if (shape === 'cluster' && Number(db) !== 0) return fault('a cluster has no database but 0')
  const query = new URLSearchParams(parts.query ?? '')
  const unknown = [...query.keys()].some((key) => shape !== 'sentinel' || !SENTINEL_QUERY.includes(key))
  if (unknown) return fault(`nothing is known behind its ? but ${SENTINEL_QUERY.join(' and ')}, of sentinels`)
  const [username, password] = [decode(parts.user ?? ''), decode(parts.password ?? '')]
  if (username === undefined || password === undefined)
    return fault('the user or password is not percent-encoded')
  return {
    ok: true,
    address: {
      shape,
      isTls: parts.tls === 'rediss',
      nodes: nodes.filter((node) => node !== undefined),
      username: username || undefined,
      password: password || undefined,
      db: Number(db),
      master,
      sentinelUsername: query.get('sentinel-user') ?? undefined,
      sentinelPassword: query.get('sentinel-password') ?? undefined,
    },
  }
}

function fault(reason: string): RedisAddressParse {
  return { ok: false, reason }
}

function parseNode(text: string, shape: RedisAddress['shape']): RedisNode | undefined {
  const parts = NODE.exec(text)?.groups
  const port = Number(parts?.port ?? (shape === 'sentinel' ? 26379 : 6379))
  if (parts?.host === undefined || port < 1 || port > 65535) return undefined
  return { host: parts.host.replace(/^\[|\]$/g, ''), port }
}

/** @returns undefined when a % stands for nothing */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
