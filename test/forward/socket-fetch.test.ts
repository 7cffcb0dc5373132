import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { responseHeaders, trailerFields } from '../../src/forward/headers.ts'
import { encodeOctets } from '../../src/wire/octets.ts'
import { echo, startHttp, startTcp } from '../support/http.ts'
import { TcpConnector } from '../support/socket.ts'
import { asResponse, bodyOf, fetchFrom, textOf } from '../support/socket-fetch.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function http(listener: Parameters<typeof startHttp>[0]): Promise<number> {
  const server = await startHttp(listener)
  closers.push(server.close)
  return server.port
}

async function tcp(onHead: (socket: Socket) => void): Promise<number> {
  const server = await startTcp((socket) => socket.once('data', () => onHead(socket)))
  closers.push(server.close)
  return server.port
}

const host = ['Host', 'renamed.example.test']

test('the endpoint sees the Host that it was sent, and our framing', async () => {
  const port = await http(echo)
  const get = asResponse(await fetchFrom(port, { path: '/a?b=c', headers: [...host, 'X-A', '1'] }))
  expect(get.status).toBe(200)
  expect(JSON.parse(await textOf(get.body))).toEqual({
    method: 'GET',
    url: '/a?b=c',
    headers: { host: host[1], 'x-a': '1', connection: 'close' },
    body: '',
  })
  const headers = [...host, 'Content-Length', '5']
  const put = asResponse(await fetchFrom(port, { method: 'PUT', headers, body: bodyOf('he', '', 'llo') }))
  expect(JSON.parse(await textOf(put.body))).toMatchObject({
    headers: { 'content-length': '5' },
    body: 'hello',
  })
  const post = asResponse(await fetchFrom(port, { method: 'POST', body: bodyOf('he', '', 'llo') }))
  expect(JSON.parse(await textOf(post.body))).toMatchObject({
    headers: { 'transfer-encoding': 'chunked' },
    body: 'hello',
  })
})

test('a body that is known to be empty stays that', async () => {
  const port = await http(echo)
  const headers = [...host, 'Content-Length', '0']
  const { body } = asResponse(await fetchFrom(port, { method: 'POST', headers }))
  expect(JSON.parse(await textOf(body))).toMatchObject({ headers: { 'content-length': '0' }, body: '' })
})

test('a large body comes back whole, and its connection closes', async () => {
  const piece = 'x'.repeat(65_536)
  const port = await http((request, response) => void request.pipe(response))
  const tcpConnector = new TcpConnector()
  const { connect } = tcpConnector
  const pieces = Array.from({ length: 64 }, () => piece)
  const { body } = asResponse(await fetchFrom(port, { method: 'POST', body: bodyOf(...pieces), connect }))
  expect(await textOf(body)).toHaveLength(64 * 65_536)
  expect(tcpConnector.sockets.map((socket) => socket.destroyed)).toEqual([true])
})

test('interim responses and trailers are handed out, cleaned by the functions of the house', async () => {
  const port = await http((_request, response) => {
    response.writeContinue()
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(200, { trailer: 'X-Sum' })
    response.write('body')
    response.addTrailers({ 'X-Sum': '7' })
    response.end()
  })
  const hints: (readonly string[])[] = []
  const response = asResponse(await fetchFrom(port, { onHint: (headers) => hints.push(headers) }))
  expect(await textOf(response.body)).toBe('body')
  expect(hints).toEqual([['Link', '</a.css>; rel=preload']])
  expect(trailerFields(response.trailers(), response.headers)).toEqual(['X-Sum', '7'])
  expect(response.headers).toContain('Transfer-Encoding')
  expect(responseHeaders(response.headers, 200)).toEqual(['Date', expect.any(String)])
})

test('HEAD, 204 and 304 have no body', async () => {
  const port = await http((request, response) => void response.writeHead(Number(request.url?.slice(1))).end())
  for (const [method, path] of [
    ['HEAD', '/200'],
    ['GET', '/204'],
    ['GET', '/304'],
  ] as const) {
    const { status, body } = asResponse(await fetchFrom(port, { method, path }))
    expect([status, body]).toEqual([Number(path.slice(1)), null])
  }
})

test('a response without a length ends with its connection', async () => {
  const port = await tcp((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end'))
  const { body } = asResponse(await fetchFrom(port))
  expect(await textOf(body)).toBe('until the end')
})

test('an upgrade hands the connection over, with what has come already', async () => {
  const port = await tcp((socket) => {
    socket.write(
      'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\nearly ',
    )
    socket.on('data', (chunk) => socket.end(`got ${chunk}`))
  })
  const result = await fetchFrom(port, { upgrade: 'websocket' })
  if (result.kind !== 'upgrade') throw new Error(`no upgrade: ${JSON.stringify(result)}`)
  expect(responseHeaders(result.headers, 101)).toEqual(['X-A', '1'])
  const writer = result.socket.writable.getWriter()
  await writer.write(encodeOctets('hello'))
  expect(await textOf(result.socket.readable)).toBe('early got hello')
  result.socket.close()
})

test('an upgrade that is declined is a response', async () => {
  const port = await http((_request, response) => void response.writeHead(403).end('no'))
  const { status, body } = asResponse(await fetchFrom(port, { upgrade: 'websocket' }))
  expect([status, await textOf(body)]).toEqual([403, 'no'])
})

test('a client that leaves the response closes the connection', async () => {
  let pod: Socket | undefined
  const port = await tcp((socket) => {
    pod = socket
    socket.write('HTTP/1.1 200 OK\r\n\r\nbegun')
  })
  const { body } = asResponse(await fetchFrom(port))
  await body?.cancel()
  if (pod && !pod.closed) await once(pod, 'close')
  expect(pod?.closed).toBe(true)
})
