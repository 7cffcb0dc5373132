import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Hono } from 'hono'
import type { Secret } from '../../src/cli/secret-values.ts'
import { guardConsole } from '../../src/console/guard.ts'
import { BearerTokens } from '../../src/model/bearer-tokens.ts'
import { readTokens } from './secrets.ts'

export interface ConsoleAddress {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

export interface ConsoleServer {
  readonly port: number
  close(): Promise<void>
}

/** A gateway's console, which tells more than its health to those only who may know. @throws Error when its tokens cannot be read */
export function guarded(console: Hono, secret: Secret | undefined): Hono {
  const tokens = secret === undefined ? undefined : new BearerTokens(readTokens(secret))
  return guardConsole(console, { tokens, peerOf: (c) => getConnInfo(c).remote.address })
}

/** Serves the console over HTTP. Rejects when the address cannot be listened on. */
export async function serveConsole(app: Hono, { host, port }: ConsoleAddress): Promise<ConsoleServer> {
  // Without `createServer` the adaptor always makes a node:http server.
  // Balancers' health checks often speak HTTP/1.0 without a Host: a name stands in for it.
  const options = { fetch: app.fetch, hostname: 'localhost', overrideGlobalObjects: false }
  const server = createAdaptorServer(options) as Server
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => closeServer(server),
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
