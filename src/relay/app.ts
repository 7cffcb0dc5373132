import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import type { BearerTokens } from '../model/bearer-tokens.ts'
import { normaliseHost } from '../model/host.ts'
import { parsePosition } from '../model/position.ts'
import { encodeBundle } from '../registry/bundle.ts'
import {
  EVENTS_TYPE,
  encodeHeadField,
  etagOf,
  HEAD_FIELD,
  LINES_TYPE,
  matchesEtag,
} from '../registry/http/wire.ts'
import { RegistryError } from '../registry/port.ts'
import type { Follower } from './follower.ts'
import type { Followers } from './followers.ts'
import type { Holding } from './holding.ts'
import type { Mirror } from './mirror.ts'
import type { RelayObserver, Resource } from './observer.ts'
import { decompress, Snapshots } from './snapshots.ts'
import { streamOf } from './stream-sink.ts'

export interface RelayOptions {
  readonly mirror: Mirror
  readonly followers: Followers
  /** Undefined: open to everyone who reaches it. */
  readonly tokens: BearerTokens | undefined
  readonly observer: RelayObserver
  /** How a runtime sends events by its own means, given its bindings; otherwise as the body's stream. */
  readonly sendEvents?: (
    bindings: unknown,
    fields: Readonly<Record<string, string>>,
    follower: Follower,
  ) => Response
}

/** What is behind a token is nobody else's to keep, and is asked for again each time. */
const CACHE_CONTROL = 'private, no-cache'
const RETRY_AFTER_S = '1'
/** A bundle below that fits into one packet anyway. */
const COMPRESS_FROM_BYTES = 1024

/** The registry over HTTP (docs/relay.md): by host, whole, and as it changes. */
export function createRelay(options: RelayOptions): Hono {
  const { tokens, observer } = options
  const app = new Hono()
  const snapshots = new Snapshots()

  app.use(async (c, next) => {
    if (tokens !== undefined && !tokens.admits(c.req.header('authorization'))) {
      c.res = c.json({ error: 'a token is needed' }, 401, { 'www-authenticate': 'Bearer realm="postern"' })
    } else if (c.req.method === 'GET') {
      await next()
    } else {
      // HEAD too: it would open a stream that nobody reads.
      c.res = c.json({ error: 'only GET is answered' }, 405, { allow: 'GET' })
    }
    c.header('cache-control', CACHE_CONTROL)
    observer.answered(resourceOf(c.req.path), c.res.status)
  })
  app.use('/v1/hosts/*', compress({ encoding: 'gzip', threshold: COMPRESS_FROM_BYTES }))
  app.get('/v1/hosts/:host', (c) => answerHost(c, c.req.param('host'), options.mirror))
  app.get('/v1/registry', (c) => answerRegistry(c, options.mirror, snapshots))
  app.get('/v1/changes', (c) => answerChanges(c, options))
  app.notFound((c) => c.json({ error: 'not found' }, 404))
  app.onError((error, c) =>
    c.json({ error: error instanceof RegistryError ? error.message : 'internal' }, 500),
  )
  return app
}

function answerHost(c: Context, name: string, mirror: Mirror): Response {
  const host = normaliseHost(name)
  if (host === undefined) return c.json({ error: 'not a hostname' }, 400)
  const { holding } = mirror
  if (holding === undefined) return notLoaded(c, mirror)
  return unchanged(c, holding) ?? c.json(encodeBundle(holding.bundle(host)), 200, fieldsOf(holding))
}

async function answerRegistry(c: Context, mirror: Mirror, snapshots: Snapshots): Promise<Response> {
  const { holding, log } = mirror
  if (holding === undefined) {
    return log === undefined ? notLoaded(c, mirror) : c.body(EMPTY, 200, { 'content-type': LINES_TYPE })
  }
  return unchanged(c, holding) ?? (await sendSnapshot(c, snapshots, () => mirror.holding ?? holding))
}

function answerChanges(c: Context, { mirror, followers, sendEvents }: RelayOptions): Response {
  const after = parsePosition(c.req.header('last-event-id') ?? c.req.query('after'))
  if (after === undefined) return c.json({ error: 'after is not <epoch>-<revision>' }, 400)
  if (mirror.log === undefined) return notLoaded(c, mirror)
  const variant = c.req.query('hints') === undefined ? 'entries' : 'hints'
  // Hints are small: what they would gain, their readers pay.
  const isDeflated = variant === 'entries' && acceptsGzip(c)
  const follower = followers.join(after, { variant, isDeflated })
  const fields = {
    'cache-control': CACHE_CONTROL,
    'content-type': EVENTS_TYPE,
    vary: 'accept-encoding',
    // Or nginx would hold events back.
    'x-accel-buffering': 'no',
    ...(isDeflated ? { 'content-encoding': 'gzip' } : {}),
  }
  return sendEvents?.(c.env, fields, follower) ?? c.body(streamOf(follower), 200, fields)
}

const EMPTY = `${JSON.stringify({ head: null })}\n${JSON.stringify({ count: 0 })}\n`

function notLoaded(c: Context, { log }: Mirror): Response {
  const error = log === undefined ? 'the registry has not been read yet' : 'the registry is empty'
  return c.json({ error }, 503, { 'retry-after': RETRY_AFTER_S })
}

function fieldsOf({ head }: Holding): Record<string, string> {
  return { etag: etagOf(head.root), [HEAD_FIELD]: encodeHeadField(head) }
}

/** What was read under the root stands, at a newer head. */
function unchanged(c: Context, holding: Holding): Response | undefined {
  const isSame = matchesEtag(c.req.header('if-none-match'), holding.head.root)
  return isSame ? c.body(null, 304, fieldsOf(holding)) : undefined
}

async function sendSnapshot(c: Context, snapshots: Snapshots, holding: () => Holding): Promise<Response> {
  const { head, gzip } = await snapshots.of(holding)
  const now = holding().head
  const fields = {
    'content-type': LINES_TYPE,
    vary: 'accept-encoding',
    etag: etagOf(head.root),
    // With the same records a newer head holds as well.
    [HEAD_FIELD]: encodeHeadField(now.root === head.root ? now : head),
  }
  return acceptsGzip(c)
    ? c.body(gzip, 200, { ...fields, 'content-encoding': 'gzip' })
    : c.body(decompress(gzip), 200, fields)
}

function acceptsGzip(c: Context): boolean {
  const accepted = c.req.header('accept-encoding') ?? ''
  return accepted.split(',').some((coding) => /^\s*(gzip|\*)\s*(;\s*q=(1|0?\.\d*[1-9]\d*).*)?$/i.test(coding))
}

function resourceOf(path: string): Resource {
  if (path.startsWith('/v1/hosts/')) return 'host'
  if (path === '/v1/registry') return 'registry'
  return path === '/v1/changes' ? 'changes' : 'unknown'
}
