import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Connect } from '../../src/wire/client-dial.node.ts'
import { createAuthority, type TestAuthority } from '../support/certificates.ts'
import { startTlsServer, type TlsServer } from '../support/tls-server.ts'
import { Caller, poolOf } from '../support/wire-client.ts'
import { answer, type WireServerOptions } from '../support/wire-server.ts'
import { GET, OK, POST, type Served, serve } from './served.ts'

let authority: TestAuthority
let tls: { cert: Buffer; key: Buffer; ca: Buffer }
beforeAll(() => {
  authority = createAuthority()
  const { cert, key } = authority.issue('127.0.0.1')
  tls = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(authority.ca) }
})
afterAll(() => authority.remove())

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(options?: WireServerOptions): Promise<Served> {
  const served = await serve({ ...options, tls })
  closers.push(served.close)
  return served
}

const connect: Connect = (host, port, onReady) => connectTls({ host, port, ca: tls.ca }, onReady)

function pool() {
  const made = poolOf({ connect })
  closers.push(() => made.close())
  return made
}

async function tlsServer(onSocket: (socket: TLSSocket) => void): Promise<TlsServer> {
  const server = await startTlsServer(tls, onSocket)
  closers.push(server.close)
  return server
}

describe('over TLS a client of ours and a server of ours', () => {
  test('exchange requests and answers on one connection', async () => {
    const { server, next, requests } = await start()
    const connections = pool()
    for (const body of ['first', 'second']) {
      const caller = new Caller(connections, server.port, { method: 'POST', framing: { kind: 'chunked' } })
      const { exchange } = await next()
      exchange.resume()
      await caller.until(({ isSent }) => isSent)
      caller.exchange.write(Buffer.from(body))
      caller.exchange.end(['X-Sum', '1'])
      const request = requests.at(-1)
      await request?.until(({ trailers }) => trailers !== undefined)
      expect(request).toMatchObject({ body, trailers: ['X-Sum', '1'] })
      exchange.respond(200, [])
      exchange.write(Buffer.from(`re: ${body}`))
      exchange.end(['X-End', '2'])
      expect(await caller.over()).toMatchObject({ body: `re: ${body}`, trailers: ['X-End', '2'] })
    }
    // One is the test's own.
    expect(server.connections.size).toBe(2)
  })

  test('stream no faster than the other takes it, either way', async () => {
    const { server, next } = await start()
    const size = 10_000_000
    const up = new Caller(pool(), server.port, { method: 'POST', framing: { kind: 'fixed', length: size } })
    const request = await next()
    request.takesMore = false
    request.exchange.resume()
    await up.until(({ isSent }) => isSent)
    let sent = 100_000
    while (up.exchange.write(Buffer.alloc(100_000, 'u'))) sent += 100_000
    await request.until(({ body }) => body !== '')
    const held = request.body.length
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect(request.body.length).toBe(held)
    request.takesMore = true
    request.exchange.resume()
    await up.until(({ drains }) => drains > 0)
    up.exchange.write(Buffer.alloc(size - sent, 'u'))
    up.exchange.end([])
    await request.until(({ trailers }) => trailers !== undefined)
    expect(request.body.length).toBe(size)
    up.takesMore = false
    request.exchange.respond(200, ['Content-Length', `${size}`])
    expect(request.exchange.write(Buffer.alloc(size, 'd'))).toBe(false)
    request.exchange.end([])
    await up.until(({ body }) => body !== '')
    const got = up.body.length
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect(up.body.length).toBe(got)
    up.takesMore = true
    up.exchange.resume()
    expect((await up.over()).body.length).toBe(size)
  })

  test('hand the connection over to another protocol', async () => {
    const { server, next } = await start()
    const caller = new Caller(pool(), server.port, { upgrade: 'websocket' })
    const socket = (await next()).exchange.upgrade('websocket', [])
    socket.write('early')
    const { upgraded = socket } = await caller.over()
    upgraded.write('late')
    expect([await first(upgraded), await first(socket)]).toEqual(['early', 'late'])
    for (const end of [upgraded, socket]) end.destroy()
  })
})

const first = async (socket: Duplex) => `${(await once(socket.resume(), 'data'))[0]}`

describe('over TLS a client', () => {
  test('that ends its side gets its answers, and the end of ours', async () => {
    const { client, next } = await start()
    client.end(GET('/1') + GET('/2'))
    for (const target of ['/1', '/2']) answer((await next()).exchange, target)
    expect(await client.ended()).toBe(OK('/1') + OK('/2', 'Connection: close\r\n'))
  })

  test('that ends its side has left, where that is the rule', async () => {
    const { client, next } = await start({ endIsLeaving: true })
    client.end(GET())
    const request = await next()
    await request.until(({ overs }) => overs === 1)
    expect(request.failure).toBe('client-closed')
    expect(await client.ended()).toBe('')
  })

  test('that is refused reads why, though it goes on sending', async () => {
    const { client } = await start()
    client.write(`GET / HTTP/1.1\r\nHost : a\r\n\r\n${POST('Content-Length: 100000', 'x'.repeat(100_000))}`)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*request-invalid$/)
  })

  test('that is cut off within its body has left', async () => {
    const { client, next } = await start()
    client.write(POST('Content-Length: 5', 'abc'))
    const request = await next()
    request.exchange.resume()
    await request.until(({ body }) => body === 'abc')
    client.leave()
    await request.until(({ overs }) => overs === 1)
    expect(request.failure).toBe('client-closed')
  })
})

describe('over TLS a server', () => {
  test('that is not the one that is trusted gets no byte of the request', async () => {
    const other = createAuthority()
    closers.push(() => other.remove())
    let received = ''
    const server = await tlsServer((socket) => socket.on('data', (chunk) => (received += chunk)))
    const ca = readFileSync(other.ca)
    const connections = poolOf({ connect: (host, port, onReady) => connectTls({ host, port, ca }, onReady) })
    closers.push(() => connections.close())
    const { failure } = await new Caller(connections, server.port).over()
    expect(failure).toMatchObject({ code: 'tls-certificate-error', wasSent: false })
    expect(received).toBe('')
  })

  test('that ends with a closure alert ends an answer without length', async () => {
    const { port } = await tlsServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nwhole')),
    )
    expect(await new Caller(pool(), port).over()).toMatchObject({ body: 'whole', failure: undefined })
  })

  // Of an answer without length nobody tells whether it is whole: Node shows both ends alike.
  test.each([
    ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'],
  ])('whose connection is ended by another has not ended an answer %s', async (_, text) => {
    const { port, wires } = await tlsServer((socket) => socket.once('data', () => socket.write(text)))
    const caller = new Caller(pool(), port)
    await caller.until(({ body }) => body === 'part')
    // Anybody on the way can end a connection of the kernel's; an alert is the server's own.
    wires[0]?.end()
    expect((await caller.over()).failure).toMatchObject({ code: 'response-incomplete' })
  })

  test('hears of the end of a connection that idles by an alert', async () => {
    const ended = Promise.withResolvers<void>()
    const { port, wires } = await tlsServer((socket) => {
      socket.once('data', () => socket.write(OK('x'))).once('end', ended.resolve)
    })
    const connections = pool()
    await new Caller(connections, port).over()
    const before = wires[0]?.bytesRead ?? 0
    connections.close()
    await ended.promise
    // The alert is a record of its own; the kernel's end alone is no byte.
    expect(wires[0]?.bytesRead).toBeGreaterThan(before)
  })
})
