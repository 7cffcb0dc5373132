import { afterEach, describe, expect, test } from 'vitest'
import { answer, type WireServerOptions } from '../support/wire-server.ts'
import { GET, OK, type Served, serve } from './served.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(options?: WireServerOptions): Promise<Served> {
  const served = await serve(options)
  closers.push(served.close)
  return served
}

describe('an answer', () => {
  test('is chunked when its length is not known, with trailers', async () => {
    const { client, next } = await start()
    client.write(GET())
    const { exchange } = await next()
    exchange.respond(200, ['X-A', '1'])
    exchange.write(Buffer.from('abc'))
    exchange.write(Buffer.from(''))
    exchange.end(['X-Sum', '3'])
    const head = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await client.until('X-Sum: 3\r\n\r\n')).toBe(`${head}3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n`)
  })

  test('ends with the connection when HTTP/1.0 cannot know its length', async () => {
    const { client, next } = await start()
    client.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    const { exchange } = await next()
    exchange.respond(200, [])
    exchange.write(Buffer.from('abc'))
    exchange.end(['X-Sum', '3'])
    expect(await client.ended()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc')
  })

  test.each([
    ['HEAD', 'HEAD', 200, ['Content-Length', '4'], 'Content-Length: 4\r\n'],
    ['HEAD of no length', 'HEAD', 200, [], ''],
    ['304', 'GET', 304, ['Content-Length', '4'], 'Content-Length: 4\r\n'],
    ['304 of no length', 'GET', 304, [], ''],
    ['204', 'GET', 204, [], ''],
  ] as const)('to %s has no body', async (_, method, status, fields, lines) => {
    const { client, next } = await start()
    client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n${GET()}`)
    const { exchange } = await next()
    exchange.respond(status, fields)
    exchange.write(Buffer.from('body'))
    exchange.end([])
    answer((await next()).exchange, 'next')
    expect(await client.until('next')).toMatch(
      new RegExp(`^HTTP/1.1 ${status} .*\r\n${lines}\r\nHTTP/1.1 200`),
    )
  })

  test('may be preceded by interim ones, except to HTTP/1.0', async () => {
    const { client, next } = await start()
    client.write(`${GET()}GET / HTTP/1.0\r\n\r\n`)
    for (let i = 0; i < 2; i++) {
      const { exchange } = await next()
      exchange.inform(103, ['Link', '</a>'])
      answer(exchange, 'x')
    }
    const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    expect(await client.ended()).toBe(hint + OK('x') + OK('x', 'Connection: close\r\n'))
  })

  test('whose head cannot be written leaves room for another', async () => {
    const { client, next } = await start()
    client.write(GET())
    const { exchange } = await next()
    for (const fields of [
      ['X', 'a\r\nb'],
      ['X\r\nY', 'a'],
      ['Connection', 'x'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '1', 'content-length', '1'],
      ['Content-Length', 'x'],
    ]) {
      expect(() => exchange.respond(200, fields)).toThrow('Cannot')
    }
    answer(exchange, 'x')
    expect(await client.until('\r\n\r\nx')).toBe(OK('x'))
  })

  test('is one: a second cannot be begun, and what comes late is not written into the next', async () => {
    const { client, next } = await start()
    client.write(GET('/1') + GET('/2'))
    const { exchange } = await next()
    answer(exchange, 'x')
    const second = await next()
    second.exchange.respond(200, ['Content-Length', '1'])
    expect(() => second.exchange.respond(200, [])).toThrow('one has been begun')
    exchange.write(Buffer.from('late'))
    exchange.end([])
    exchange.inform(103, [])
    second.exchange.write(Buffer.from('y'))
    second.exchange.end([])
    expect(await client.until('\r\n\r\ny')).toBe(OK('x') + OK('y'))
  })

  test('is neither longer nor shorter than its length', async () => {
    const { client, next } = await start()
    client.write(GET() + GET('/after'))
    const { exchange } = await next()
    exchange.respond(200, ['Content-Length', '2'])
    exchange.write(Buffer.from('a'))
    expect(() => exchange.write(Buffer.from('bc'))).toThrow('beyond its length')
    exchange.cut()
    expect(await client.ended()).not.toContain('bc')
  })

  test('that is too short cannot be ended', async () => {
    const { client, next } = await start()
    client.write(GET())
    const { exchange } = await next()
    exchange.respond(200, ['Content-Length', '2'])
    exchange.write(Buffer.from('a'))
    expect(() => exchange.end([])).toThrow('lacks 1 bytes')
    exchange.cut()
    expect(await client.ended()).not.toContain('HTTP/1.1 200 OK\r\nContent-Length: 1')
  })

  test('to what is no request closes the connection, after the answers before it', async () => {
    const { client, next } = await start()
    client.write(`${GET()}GET / HTTP/1.1\r\nHost : a\r\n\r\n${GET('/never')}`)
    answer((await next()).exchange, 'x')
    const refusal =
      'HTTP/1.1 400 Bad Request\r\nX-Failure: request-invalid\r\nContent-Length: 15\r\nConnection: close\r\n\r\n'
    expect(await client.ended()).toBe(`${OK('x')}${refusal}request-invalid`)
  })
})
