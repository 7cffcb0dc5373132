import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { answer, type WireServerOptions } from '../support/wire-server.ts'
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

describe('a body', () => {
  test.each([
    ['of a known length', POST('Content-Length: 5', 'hello'), 'hello', []],
    [
      'in chunks, with trailers',
      POST('Transfer-Encoding: chunked', '2\r\nhe\r\n3;x\r\nllo\r\n0\r\nX: 1\r\n\r\n'),
      'hello',
      ['X', '1'],
    ],
    ['that is empty', POST('Transfer-Encoding: chunked', '0\r\n\r\n'), '', []],
  ])('%s is read when it is asked for, and the next request after it', async (_, text, body, trailers) => {
    const { client, next } = await start()
    client.write(text + GET('/after'))
    const request = await next()
    expect(request.body).toBe('')
    request.exchange.resume()
    await request.until((all) => all.trailers !== undefined)
    expect(request).toMatchObject({ body, trailers })
    answer(request.exchange, 'x')
    expect((await next()).exchange.head.target).toBe('/after')
  })

  test('is not read faster than it is taken', async () => {
    const { client, next } = await start()
    const size = 20_000_000
    client.write(POST(`Content-Length: ${size}`))
    const request = await next()
    request.takesMore = false
    client.write('x'.repeat(size))
    request.exchange.resume()
    await request.until(({ body }) => body.length > 0)
    // The kernel's buffers and one chunk hold what they can; the rest waits with the client.
    expect(client.socket.writableLength).toBeGreaterThan(0)
    const before = request.body.length
    await new Promise(setImmediate)
    expect(request.body.length).toBe(before)
    request.takesMore = true
    request.exchange.resume()
    await request.until(({ trailers }) => trailers !== undefined)
    expect(request.body.length).toBe(size)
  })

  test('whose client waits for 100 gets it when the body is asked for', async () => {
    const { client, next } = await start()
    client.write(POST('Content-Length: 2\r\nExpect: 100-continue'))
    const request = await next()
    expect(client.text).toBe('')
    request.exchange.resume()
    expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.write('ab')
    await request.until(({ trailers }) => trailers !== undefined)
    answer(request.exchange, 'x')
    expect(await client.until('\r\n\r\nx')).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK('x')}`)
  })

  test('that has not been asked for by the answer may come or not: the connection closes', async () => {
    const { client, next } = await start()
    client.write(POST('Content-Length: 2\r\nExpect: 100-continue'))
    answer((await next()).exchange, 'no')
    expect(await client.ended()).toBe(OK('no', 'Connection: close\r\n'))
  })

  test('that is broken fails its request, which may be answered', async () => {
    const { client, next } = await start()
    client.write(POST('Transfer-Encoding: chunked', `3\r\nabc\r\nx\r\n${GET('/never')}`))
    const request = await next()
    request.exchange.resume()
    await request.until(({ failure }) => failure !== undefined)
    expect(request).toMatchObject({ body: 'abc', trailers: undefined, failure: 'request-invalid' })
    answer(request.exchange, 'bad')
    expect(await client.ended()).toBe(OK('bad', 'Connection: close\r\n'))
    expect(request.overs).toBe(1)
  })

  test('whose answer came early is dropped, and the next request served', async () => {
    const { client, next } = await start()
    client.write(POST('Content-Length: 200000', 'x'.repeat(100_000)))
    const request = await next()
    answer(request.exchange, 'early')
    expect(await client.until('early')).toBe(OK('early'))
    client.write('x'.repeat(100_000) + GET('/after'))
    answer((await next()).exchange, 'y')
    expect(await client.until('\r\n\r\ny')).toBe(OK('early') + OK('y'))
    expect(request).toMatchObject({ body: '', overs: 1, failure: undefined })
  })

  test('whose answer came early is not read without end', async () => {
    const { client, next } = await start()
    client.write(POST('Transfer-Encoding: chunked'))
    answer((await next()).exchange, 'early')
    await client.until('early')
    const feed = (): void => {
      while (client.socket.write(`fffff\r\n${'x'.repeat(0xfffff)}\r\n`));
    }
    client.socket.on('drain', feed)
    feed()
    await client.closed
  })

  test('and its answer stream at the same time', async () => {
    const { client, next } = await start()
    client.write(POST('Transfer-Encoding: chunked', '1\r\na\r\n'))
    const request = await next()
    request.exchange.resume()
    await request.until(({ body }) => body === 'a')
    request.exchange.respond(200, [])
    await client.until('\r\n\r\n')
    request.exchange.write(Buffer.from('A'))
    await client.until('1\r\nA\r\n')
    client.write('1\r\nb\r\n0\r\n\r\n')
    await request.until(({ trailers }) => trailers !== undefined)
    request.exchange.end([])
    await client.until('0\r\n\r\n')
    expect(request.body).toBe('ab')
  })
})

test('an answer is not written faster than the client takes it, and the next request waits', async () => {
  const { client, next, requests } = await start()
  client.socket.pause()
  client.write(GET('/1') + GET('/2'))
  const request = await next()
  request.exchange.respond(200, [])
  const piece = Buffer.alloc(100_000, 'x')
  let written = 0
  do written += piece.length
  while (request.exchange.write(piece))
  request.exchange.end([])
  expect(requests).toHaveLength(1)
  client.socket.resume()
  await request.until(({ drains, overs }) => drains > 0 && overs === 1)
  answer((await next()).exchange, 'second')
  expect((await client.until('second')).length).toBeGreaterThan(written)
})

describe('an upgrade', () => {
  const asked = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

  test('hands the connection over, with what has come already', async () => {
    const { client, next, server } = await start()
    client.write(`${GET('/', asked)}early`)
    const { exchange } = await next()
    expect(exchange.head.upgrade).toBe('websocket')
    const socket = exchange.upgrade('websocket', ['X-A', '1'])
    socket.on('data', (chunk) => socket.write(`echo ${chunk}`)).resume()
    const head =
      'HTTP/1.1 101 Switching Protocols\r\nX-A: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    expect(await client.until('echo early')).toBe(`${head}echo early`)
    client.write('late')
    await client.until('echo late')
    expect(server.connections.size).toBe(1)
    socket.end()
    await client.ended()
    await waitFor(
      'the end',
      () => server.connections.size,
      (size) => size === 0,
    )
  })

  test('that also expects 100 is told so first', async () => {
    const { client, next } = await start()
    client.write(GET('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\nExpect: 100-continue\r\n'))
    const socket = (await next()).exchange.upgrade('websocket', [])
    closers.push(() => socket.destroy())
    const answer = await client.until('websocket\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 101 Switching /)
  })

  test('cannot take place within a body', async () => {
    const { client, next } = await start()
    client.write(POST(`Content-Length: 5\r\n${asked.trim()}`, 'GET /'))
    const { exchange } = await next()
    expect(() => exchange.upgrade('websocket', [])).toThrow('is not over')
  })

  test('that is declined is a request like any other', async () => {
    const { client, next } = await start()
    client.write(GET('/', asked) + GET())
    answer((await next()).exchange, 'no')
    answer((await next()).exchange, 'y')
    expect(await client.until('\r\n\r\ny')).toBe(OK('no') + OK('y'))
  })
})
