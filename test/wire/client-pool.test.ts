import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { refusedPort } from '../support/free-port.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { startScripted } from '../support/scripted-server.ts'
import { Caller, poolOf } from '../support/wire-client.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function pool(options?: Parameters<typeof poolOf>[0]) {
  const made = poolOf(options)
  closers.push(() => made.close())
  return made
}

async function scripted(script: Parameters<typeof startScripted>[0]) {
  const server = await startScripted(script)
  closers.push(server.close)
  return server
}

const OK = (body = 'x', fields = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

describe('a connection', () => {
  test('that is refused says so, and nothing was sent', async () => {
    const { failure } = await new Caller(pool(), await refusedPort()).over()
    expect(failure).toMatchObject({ code: 'connect-refused', wasSent: false, wasReused: false })
  })

  test('that does not come about in time is given up', async () => {
    const timers = new ManualTimers()
    const silent = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const caller = new Caller(pool({ timers, connect: silent, connectTimeoutMs: 500 }), 1)
    timers.pass(499)
    expect(caller.isOver).toBe(false)
    timers.pass(1)
    expect((await caller.over()).failure).toMatchObject({ code: 'connect-timeout', wasSent: false })
  })

  test('that is given up while it comes about carries nothing', async () => {
    const server = await scripted((_request, socket) => socket.write(OK()))
    const connections = pool({ maxConnections: 1 })
    const first = new Caller(connections, server.port)
    first.exchange.abort()
    expect((await new Caller(connections, server.port).over()).body).toBe('x')
    expect(first).toMatchObject({ isSent: false, isOver: false })
  })

  test('is closed when it has idled for long', async () => {
    const timers = new ManualTimers()
    const server = await scripted((_request, socket) => socket.write(OK()))
    const connections = pool({ timers, idleMs: 5000 })
    await new Caller(connections, server.port).over()
    timers.pass(4900)
    await new Caller(connections, server.port).over()
    timers.pass(4900)
    await new Caller(connections, server.port).over()
    expect(server.sockets).toHaveLength(1)
    timers.pass(5100)
    await waitFor(
      'the end',
      () => server.sockets[0]?.destroyed,
      (isOver) => isOver === true,
    )
  })

  test('is not kept for longer than its server keeps it', async () => {
    const timers = new ManualTimers()
    const server = await scripted((_request, socket) =>
      socket.write(OK('x', 'Keep-Alive: timeout=3, max=100\r\n')),
    )
    const connections = pool({ timers })
    await new Caller(connections, server.port).over()
    timers.pass(1900)
    await new Caller(connections, server.port).over()
    expect(server.sockets).toHaveLength(1)
    timers.pass(2100)
    await new Caller(connections, server.port).over()
    expect(server.sockets).toHaveLength(2)
  })

  test('is not kept at all when its server keeps it for a second', async () => {
    const server = await scripted((_request, socket) => socket.write(OK('x', 'Keep-Alive: timeout=1\r\n')))
    const connections = pool()
    for (let i = 0; i < 2; i++) await new Caller(connections, server.port).over()
    expect(server.sockets).toHaveLength(2)
  })

  test('that has idled is avoided by what cannot be sent again', async () => {
    let now = 0
    const clock = { now: () => now, elapsed: () => now }
    const server = await scripted((_request, socket) => socket.write(OK()))
    const connections = pool({ clock, freshMs: 1000 })
    await new Caller(connections, server.port).over()
    now += 1000
    await new Caller(connections, server.port, { isIdempotent: false }).over()
    expect(server.sockets).toHaveLength(1)
    now += 1001
    await new Caller(connections, server.port, { isIdempotent: false }).over()
    expect(server.sockets).toHaveLength(2)
    now += 1001
    await new Caller(connections, server.port).over()
    expect(server.sockets).toHaveLength(2)
  })

  test('that its server closes as it is used again fails as lost, and says that it was used before', async () => {
    const server = await scripted((_request, socket, count) =>
      count === 1 ? socket.write(OK()) : socket.destroy(),
    )
    const connections = pool()
    await new Caller(connections, server.port).over()
    const { failure, head } = await new Caller(connections, server.port).over()
    expect(failure).toMatchObject({ code: 'connection-lost', wasSent: true, wasReused: true })
    expect(head).toBeUndefined()
    expect(server.sockets).toHaveLength(1)
  })

  test('that its server has closed while it idled is not used again', async () => {
    const server = await scripted((_request, socket, count) => socket.write(OK(`${count}`)))
    const connections = pool()
    await new Caller(connections, server.port).over()
    server.sockets[0]?.end()
    await waitFor(
      'the end',
      () => server.sockets[0]?.destroyed,
      (isOver) => isOver === true,
    )
    expect((await new Caller(connections, server.port).over()).body).toBe('1')
  })

  test('beyond those that may idle is closed', async () => {
    const held: (() => unknown)[] = []
    const server = await scripted((_request, socket) => void held.push(() => socket.write(OK())))
    const connections = pool({ maxIdle: 1 })
    const callers = [1, 2, 3].map(() => new Caller(connections, server.port))
    await waitFor(
      'three',
      () => held.length,
      (count) => count === 3,
    )
    for (const release of held) release()
    for (const caller of callers) await caller.over()
    await waitFor(
      'two ends',
      () => server.sockets.filter(({ destroyed }) => destroyed).length,
      (ended) => ended === 2,
    )
  })
})

test('each endpoint has connections of its own', async () => {
  const servers = await Promise.all(
    ['a', 'b'].map((body) => scripted((_request, socket) => socket.write(OK(body)))),
  )
  const connections = pool({ maxConnections: 1 })
  for (let i = 0; i < 2; i++) {
    const bodies = servers.map(async ({ port }) => (await new Caller(connections, port).over()).body)
    expect(await Promise.all(bodies)).toEqual(['a', 'b'])
  }
  expect(servers.map(({ sockets }) => sockets.length)).toEqual([1, 1])
})

test('a pool that closes cuts what is under way', async () => {
  const server = await scripted(() => {})
  const connections = poolOf({ connect: (address, port, onReady) => connect(port, address, onReady) })
  const sent = new Caller(connections, server.port)
  await sent.until(({ isSent }) => isSent)
  const dialling = new Caller(connections, server.port)
  connections.close()
  expect((await sent.over()).failure?.code).toBe('connection-lost')
  expect((await dialling.over()).failure?.wasSent).toBe(false)
})
