// The least proxy over our own HTTP/1.1: heads parsed and cleaned both ways, bodies streamed, nothing decided.
import { createServer } from 'node:net'
import { systemClock, systemTimers } from '../../../src/model/clock.node.ts'
import { wireBounds } from '../../../src/wire/bounds.ts'
import { connectTcp } from '../../../src/wire/client-dial.node.ts'
import { ClientPool } from '../../../src/wire/client-pool.node.ts'
import { TlsConnector } from '../../../src/wire/client-tls.node.ts'
import { Deadlines } from '../../../src/wire/deadlines.ts'
import { ServerConnection } from '../../../src/wire/server-connection.node.ts'
import type { ServerExchange } from '../../../src/wire/server-exchange.node.ts'
import { WireRelay } from '../../support/wire-relay.ts'
import { nextEndpoint } from './work.ts'

const deadlines = new Deadlines(systemTimers, 1000)
const pool = new ClientPool({
  ...{ bounds: wireBounds, clock: systemClock, timers: systemTimers, deadlines, connect: connectTcp },
  connectTls: new TlsConnector({ clock: systemClock, onTrouble: () => {} }).connect,
  ...{
    connectTimeoutMs: 5000,
    maxConnections: 1024,
    maxIdle: 256,
    maxWaiting: 1024,
    idleMs: 60_000,
    freshMs: 1000,
  },
})

const parts = {
  bounds: wireBounds,
  timeouts: { headMs: 10_000, idleMs: 75_000, stallMs: 60_000, lingerMs: 5000 },
  minBodyRate: { bytesPerSecond: 0, graceMs: 0 },
  deadlines,
  endIsLeaving: true,
  onRequest: (exchange: ServerExchange) => void new WireRelay(exchange, pool, nextEndpoint()),
  refuse: () => undefined,
  onClose() {},
}
createServer(
  { allowHalfOpen: true, noDelay: true },
  (socket) => void new ServerConnection(socket, parts),
).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'))
