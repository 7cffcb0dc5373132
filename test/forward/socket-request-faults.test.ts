import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeOctets } from '../../src/wire/octets.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { startTcp } from '../support/http.ts'
import { TcpConnector } from '../support/socket.ts'
import { asResponse, bodyOf, failureOf, fetchFrom, textOf } from '../support/socket-fetch.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An endpoint that does this when the request's head has come. Its sockets are kept. */
async function endpoint(onHead: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = await startTcp((socket) => {
    sockets.push(socket)
    socket.once('data', () => onHead(socket))
  })
  closers.push(server.close)
  return { port: server.port, sockets }
}

const OK = 'HTTP/1.1 200 OK\r\n'

describe('a request', () => {
  const host = ['Host', 'a']

  it.each([
    ['a target with CRLF', { path: '/ HTTP/1.1\r\nHost: b' }],
    ['a value with CRLF', { headers: [...host, 'X', 'a\r\nY: b'] }],
    ['a coding of its own', { headers: [...host, 'Transfer-Encoding', 'chunked'] }],
    ['two lengths', { headers: [...host, 'Content-Length', '1', 'content-length', '1'], body: bodyOf('a') }],
    ['a length without a body', { headers: [...host, 'Content-Length', '1'] }],
    ['no host', { headers: [] }],
  ])('with %s is not sent', async (_, change) => {
    const tcp = new TcpConnector()
    const { port } = await endpoint((socket) => socket.end(`${OK}\r\n`))
    const result = await fetchFrom(port, { ...change, connect: tcp.connect })
    expect(failureOf(result)).toMatchObject({ code: 'request-invalid', wasSent: false })
    expect(tcp.sockets).toEqual([])
  })

  it.each([
    ['longer', ['abc', 'GET /smuggled HTTP/1.1\r\n\r\n']],
    ['shorter', ['ab']],
  ])('whose body is %s than it said ends the attempt, and no byte is too many', async (_, pieces) => {
    let got = ''
    let isClosed = false
    const server = await startTcp((socket) =>
      socket.on('data', (chunk) => (got += chunk)).on('close', () => (isClosed = true)),
    )
    closers.push(server.close)
    const change = { method: 'POST', headers: [...host, 'Content-Length', '3'], body: bodyOf(...pieces) }
    expect(failureOf(await fetchFrom(server.port, change))).toMatchObject({
      code: 'client-closed',
      wasSent: true,
    })
    await waitFor(
      'the connection to close',
      () => isClosed,
      (isTrue) => isTrue,
    )
    expect('abc'.startsWith(got.slice(got.indexOf('\r\n\r\n') + 4))).toBe(true)
  })

  it('whose client leaves ends the attempt', async () => {
    const { port } = await endpoint(() => {})
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encodeOctets('first')),
      pull: (controller) => controller.error(new Error('gone')),
    })
    expect(failureOf(await fetchFrom(port, { method: 'POST', body }))).toMatchObject({
      code: 'client-closed',
      wasSent: true,
      cause: { message: 'gone' },
    })
  })

  it('that an endpoint stops reading still gets the answer that came before', async () => {
    const { port } = await endpoint((socket) => {
      socket.pause().write(`${OK}Content-Length: 2\r\n\r\nno`)
      socket.end()
    })
    const response = asResponse(await fetchFrom(port, { method: 'POST', body: bodyOf('x'.repeat(100_000)) }))
    expect(await textOf(response.body)).toBe('no')
  })

  it('closes its connection when the exchange is over', async () => {
    const { port, sockets } = await endpoint((socket) => socket.write(`${OK}Content-Length: 2\r\n\r\nok`))
    await textOf(asResponse(await fetchFrom(port)).body)
    const [socket] = sockets
    if (socket && !socket.closed) await once(socket.resume(), 'close')
    expect(socket?.closed).toBe(true)
  })
})
