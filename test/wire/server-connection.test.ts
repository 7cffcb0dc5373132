import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { RawClient } from '../support/raw-client.ts'
import { answer, startWireServer, type WireServerOptions } from '../support/wire-server.ts'
import { GET, OK, POST, type Served, serve } from './served.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(options?: WireServerOptions): Promise<Served> {
  const served = await serve(options)
  closers.push(served.close)
  return served
}

describe('requests of one connection', () => {
  test('are answered in order, one at a time, also when they come at once', async () => {
    const { client, next, requests } = await start()
    client.write(GET('/1') + GET('/2') + GET('/3'))
    for (const target of ['/1', '/2', '/3']) {
      const { exchange } = await next()
      expect(exchange.head.target).toBe(target)
      expect(requests.at(-1)?.exchange).toBe(exchange)
      answer(exchange, target)
    }
    expect(await client.until('\r\n/3')).toBe(OK('/1') + OK('/2') + OK('/3'))
    expect(requests.map(({ overs }) => overs)).toEqual([1, 1, 1])
  })

  test('may be answered as they come: a long queue of them is no deep recursion', async () => {
    const deep = await startWireServer((exchange) => answer(exchange, ''))
    closers.push(deep.close)
    const client = await RawClient.connect(deep.port)
    client.end(GET().repeat(20_000))
    expect((await client.ended()).length).toBe(20_000 * OK('').length)
  })

  test.each([
    ['HTTP/1.1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '', true],
    [
      'HTTP/1.1 that closes',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'Connection: close\r\n',
      false,
    ],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'Connection: close\r\n', false],
    [
      'HTTP/1.0 that stays',
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      'Connection: keep-alive\r\n',
      true,
    ],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'Connection: close\r\n', false],
  ])('of %s may be followed by others, or not', async (_, text, option, keeps) => {
    const { client, next } = await start()
    client.write(text + GET('/after'))
    answer((await next()).exchange, 'x')
    if (keeps) answer((await next()).exchange, 'y')
    else expect(await client.ended()).toBe(OK('x', option))
    if (keeps) expect(await client.until('y')).toBe(OK('x', option) + OK('y'))
  })

  test('end when the connection drains', async () => {
    const { client, next, server } = await start()
    client.write(GET('/1') + GET('/2'))
    const { exchange } = await next()
    for (const connection of server.connections) connection.drain()
    answer(exchange, 'last')
    expect(await client.ended()).toBe(OK('last', 'Connection: close\r\n'))
  })

  test('are none while it is idle: then it can be closed', async () => {
    const { client, next, server } = await start()
    client.write(GET())
    answer((await next()).exchange, 'x')
    await client.until('\r\n\r\nx')
    const [connection] = server.connections
    expect(connection?.isIdle).toBe(true)
    connection?.closeWhenIdle()
    expect(await client.ended()).toBe(OK('x'))
  })

  test('that have begun to come are answered before it is closed', async () => {
    const { client, next, server } = await start()
    client.write(`${GET('/1')}GET /2 HT`)
    const { exchange } = await next()
    const [connection] = server.connections
    connection?.closeWhenIdle()
    answer(exchange, 'x')
    await client.until('\r\n\r\nx')
    expect(connection?.isIdle).toBe(false)
    client.write(`TP/1.1\r\nHost: a\r\n\r\n`)
    answer((await next()).exchange, 'y')
    expect(await client.ended()).toBe(OK('x') + OK('y'))
  })
})

describe('a client that leaves', () => {
  test('is told of once, and the exchange is over once', async () => {
    const { client, next } = await start()
    client.write(GET())
    const request = await next()
    client.leave()
    // Who half-closes may wait for an answer: only one who is gone cannot be written to.
    request.exchange.respond(200, [])
    const feed = setInterval(() => request.exchange.write(Buffer.alloc(1000)), 1)
    await request.until(({ overs }) => overs === 1)
    clearInterval(feed)
    expect(request).toMatchObject({ failure: 'client-closed', overs: 1 })
  })

  test('by ending its side may wait for its answers', async () => {
    const { client, next } = await start()
    client.end(GET('/1') + GET('/2'))
    answer((await next()).exchange, 'x')
    const last = await next()
    answer(last.exchange, 'y')
    expect(await client.ended()).toMatch(/\r\n\r\nx.*\r\n\r\ny$/s)
    expect(last).toMatchObject({ failure: undefined, overs: 1 })
  })

  test('by ending its side has left, where that is the rule', async () => {
    const { client, next } = await start({ endIsLeaving: true })
    client.end(GET())
    const request = await next()
    await request.until(({ overs }) => overs === 1)
    expect(request.failure).toBe('client-closed')
    expect(await client.ended()).toBe('')
  })

  test('within its body has left', async () => {
    const { client, next } = await start()
    client.end(POST('Content-Length: 5', 'abc'))
    const request = await next()
    request.exchange.resume()
    await request.until(({ overs }) => overs === 1)
    expect(request).toMatchObject({ body: 'abc', trailers: undefined, failure: 'client-closed' })
  })

  test('between requests is no trouble', async () => {
    const { client, server } = await start()
    client.end('\r\n')
    expect(await client.ended()).toBe('')
    await waitFor(
      'the end',
      () => server.connections.size,
      (size) => size === 0,
    )
  })
})
