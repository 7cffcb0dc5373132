import { type Context, Hono } from 'hono'
import { parseIp } from '../model/address.ts'
import type { BearerTokens } from '../model/bearer-tokens.ts'

export interface GuardOptions {
  /** What opens it. Undefined: only whoever asks from this machine, as by `kubectl port-forward`. */
  readonly tokens: BearerTokens | undefined
  /** The address of whoever asks; undefined when the platform cannot tell. */
  readonly peerOf: (c: Context) => string | undefined
}

/** Probes and scrapers have no token: these tell what counters tell, and no more. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/', '/healthz', '/readyz', '/metrics'])

/** Lets to an operator's port who may see more than its health. */
export function guardConsole(console: Hono, { tokens, peerOf }: GuardOptions): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    if (OPEN_PATHS.has(c.req.path)) return await next()
    if (tokens !== undefined) {
      if (tokens.admits(c.req.header('authorization'))) return await next()
      return c.json({ faults: ['a token is needed (--console-token)'] }, 401, {
        'www-authenticate': 'Bearer realm="postern console"',
        'cache-control': 'no-store',
      })
    }
    if (isLoopback(peerOf(c)) && isOwnName(new URL(c.req.url).hostname)) return await next()
    const fault =
      'without --console-token only this machine is answered, asked for by its address or as localhost'
    return c.json({ faults: [fault] }, 403, { 'cache-control': 'no-store' })
  })
  app.mount('/', console.fetch, { replaceRequest: (request) => request })
  return app
}

function isLoopback(peer: string | undefined): boolean {
  return peer !== undefined && parseIp(peer)?.range() === 'loopback'
}

/** A page of somebody else's may have its name resolved to this machine (DNS rebinding): it cannot choose an address. */
function isOwnName(hostname: string): boolean {
  return hostname === 'localhost' || parseIp(hostname.replace(/^\[|\]$/g, '')) !== undefined
}
