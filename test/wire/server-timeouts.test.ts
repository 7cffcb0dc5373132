import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { answer } from '../support/wire-server.ts'
import { GET, OK, POST, type Served, serve } from './served.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const timeouts = { headMs: 1000, idleMs: 5000, stallMs: 2000, lingerMs: 500 }

async function start(): Promise<Served & { readonly timers: ManualTimers }> {
  const timers = new ManualTimers()
  const served = await serve({ timers, timeouts })
  closers.push(served.close)
  return { ...served, timers }
}

describe('time runs out', () => {
  test('for a client that sends nothing', async () => {
    const { client, server, timers } = await start()
    client.write(GET())
    while (server.connections.size === 0) await new Promise(setImmediate)
    timers.pass(6000)
    expect(await client.ended()).not.toContain('400')
  })

  test('for a head that comes slowly, however it comes', async () => {
    const { client, next, timers } = await start()
    client.write(`${GET()}GET / HTTP/1.1\r\n`)
    answer((await next()).exchange, 'x')
    await client.until('\r\n\r\nx')
    timers.pass(600)
    client.write('X: y\r\n')
    timers.pass(600)
    expect(await client.ended()).toMatch(/request-timeout$/)
  })

  test('for a body that is asked for and stands still', async () => {
    const { client, next, timers } = await start()
    client.write(POST('Content-Length: 5', 'ab'))
    const request = await next()
    timers.pass(60_000)
    expect(request.failure).toBeUndefined()
    request.exchange.resume()
    await request.until(({ body }) => body === 'ab')
    timers.pass(1900)
    client.write('c')
    await request.until(({ body }) => body === 'abc')
    timers.pass(1900)
    expect(request.failure).toBeUndefined()
    timers.pass(300)
    expect(request.failure).toBe('request-timeout')
    answer(request.exchange, 'slow')
    expect(await client.ended()).toBe(OK('slow', 'Connection: close\r\n'))
  })

  test('never for a body that we do not take', async () => {
    const { client, next, timers } = await start()
    client.write(POST('Content-Length: 5', 'ab'))
    const request = await next()
    request.takesMore = false
    request.exchange.resume()
    await request.until(({ body }) => body === 'ab')
    timers.pass(60_000)
    expect(request.failure).toBeUndefined()
  })

  test('never for an answer that takes long to begin', async () => {
    const { client, next, timers } = await start()
    client.write(GET())
    const { exchange } = await next()
    timers.pass(600_000)
    answer(exchange, 'x')
    expect(await client.until('\r\n\r\nx')).toBe(OK('x'))
  })

  test('for a client that does not read the end of its answer', async () => {
    const { client, next, timers } = await start()
    client.socket.pause()
    client.write(GET())
    const request = await next()
    request.exchange.respond(200, [])
    while (request.exchange.write(Buffer.alloc(100_000)));
    request.exchange.end([])
    timers.pass(2300)
    await request.until(({ overs }) => overs === 1)
    expect(request.failure).toBe('client-closed')
  })

  test('for a client that does not leave after its last answer', async () => {
    const { client, next, server, timers } = await start()
    client.write(GET())
    const { exchange } = await next()
    exchange.respond(200, ['Content-Length', '1'], true)
    exchange.write(Buffer.from('x'))
    exchange.end([])
    await client.until('\r\n\r\nx')
    expect(server.connections.size).toBe(1)
    timers.pass(800)
    await client.ended()
    await waitFor(
      'the end',
      () => server.connections.size,
      (size) => size === 0,
    )
  })

  test('for nobody who has said that it leaves: its connection is closed at once', async () => {
    const { client, next, server } = await start()
    client.write(GET('/', 'Connection: close\r\n'))
    answer((await next()).exchange, 'x')
    expect(await client.ended()).toBe(OK('x', 'Connection: close\r\n'))
    await waitFor(
      'the end',
      () => server.connections.size,
      (size) => size === 0,
    )
  })
})
