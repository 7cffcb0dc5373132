import { afterEach, describe, expect, test } from 'vitest'
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

describe('when there may be no more connections', () => {
  test('requests wait for one in the order in which they came', async () => {
    const order: string[] = []
    const server = await scripted((request, socket) => {
      order.push(request.split(' ')[1] ?? '')
      socket.write(OK())
    })
    const connections = pool({ maxConnections: 2 })
    const targets = Array.from({ length: 20 }, (_, i) => `/${i}`)
    const callers = targets.map((target) => new Caller(connections, server.port, { target }))
    for (const caller of callers) expect((await caller.over()).failure).toBeUndefined()
    expect(server.sockets).toHaveLength(2)
    const places = [...order].map((target) => Number(target.slice(1)))
    // Two at a time: nobody is overtaken by more than the one beside it.
    for (const [i, place] of places.entries()) expect(Math.abs(place - i)).toBeLessThan(2)
  })

  test('a request that waits gets a new one when another has failed', async () => {
    const server = await scripted((_request, socket) => socket.destroy())
    const connections = pool({ maxConnections: 1 })
    const callers = [1, 2, 3].map(() => new Caller(connections, server.port))
    for (const caller of callers) expect((await caller.over()).failure?.code).toBe('connection-lost')
    expect(server.sockets).toHaveLength(3)
  })

  test('one that has idled too long makes room', async () => {
    let now = 0
    const clock = { now: () => now, elapsed: () => now }
    const server = await scripted((_request, socket) => socket.write(OK()))
    const connections = pool({ clock, freshMs: 1000, maxConnections: 2 })
    await Promise.all([1, 2].map(() => new Caller(connections, server.port).over()))
    now += 2000
    const posts = [1, 2].map(() => new Caller(connections, server.port, { isIdempotent: false }))
    for (const post of posts) expect((await post.over()).body).toBe('x')
    expect(server.sockets).toHaveLength(4)
  })

  test('few wait, and not for ever', async () => {
    const timers = new ManualTimers()
    const server = await scripted(() => {})
    const connections = pool({ timers, maxConnections: 1, maxWaiting: 2, connectTimeoutMs: 500 })
    const first = new Caller(connections, server.port)
    await first.until(({ isSent }) => isSent)
    const [second, third, fourth] = [1, 2, 3].map(() => new Caller(connections, server.port))
    expect((await fourth?.over())?.failure).toMatchObject({ code: 'endpoint-unreachable', wasSent: false })
    second?.exchange.abort()
    timers.pass(500)
    expect((await third?.over())?.failure).toMatchObject({ code: 'connect-timeout', wasSent: false })
    expect([first.isOver, second?.isOver]).toEqual([false, false])
  })
})
