import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
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

const OK = (body: string, fields = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

describe('a server that cannot be trusted', () => {
  test.each([
    ['more than its length', `${OK('x')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`],
    ['a body after 204', 'HTTP/1.1 204 No Content\r\n\r\npoison'],
    ['bytes after the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\npoison'],
  ])('and sends %s poisons nobody', async (_, text) => {
    const server = await scripted((_request, socket) => socket.write(text))
    const connections = pool()
    for (let i = 0; i < 3; i++) {
      expect((await new Caller(connections, server.port).over()).body).not.toContain('poison')
    }
    expect(server.sockets).toHaveLength(3)
  })

  test('and sends an answer that nobody asked for loses its connection', async () => {
    const server = await scripted((_request, socket) => socket.write(OK('x')))
    const connections = pool()
    await new Caller(connections, server.port).over()
    server.sockets[0]?.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')
    await waitFor(
      'the end',
      () => server.sockets[0]?.destroyed,
      (isOver) => isOver === true,
    )
    expect((await new Caller(connections, server.port).over()).head?.status).toBe(200)
    expect(server.sockets).toHaveLength(2)
  })

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'response-invalid'],
    [
      'two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'response-invalid',
    ],
    ['an upgrade unasked', 'HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', 'response-invalid'],
    ['nothing', '', 'connection-lost'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'connection-lost'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'response-incomplete'],
    [
      'a broken chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc',
      'response-incomplete',
    ],
  ])('and sends %s fails the exchange', async (_, text, code) => {
    const server = await scripted((_request, socket) => socket.end(text))
    const { failure } = await new Caller(pool(), server.port).over()
    expect(failure).toMatchObject({ code, wasSent: true, wasReused: false })
  })

  test('and resets fails the exchange as lost', async () => {
    const server = await scripted((_request, socket) => socket.resetAndDestroy())
    const { failure } = await new Caller(pool(), server.port).over()
    expect(failure).toMatchObject({ code: 'connection-lost', wasSent: true, cause: { code: 'ECONNRESET' } })
  })
})

test('an exchange that is aborted takes its connection with it, and hears nothing more', async () => {
  const server = await scripted((_request, socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab`),
  )
  const connections = pool()
  const caller = new Caller(connections, server.port)
  await caller.until(({ body }) => body === 'ab')
  caller.exchange.abort()
  await waitFor(
    'the end',
    () => server.sockets[0]?.destroyed,
    (isOver) => isOver === true,
  )
  expect(caller.isOver).toBe(false)
})

test('what cannot be written is refused before anything is sent', async () => {
  const server = await scripted(() => {})
  for (const request of [
    { target: '/a b' },
    { fields: ['Host', 'a', 'X', 'a\r\nb: c'] },
    { fields: ['Host', 'a', 'Connection', 'close'] },
    { fields: [] },
  ]) {
    const { failure } = await new Caller(pool(), server.port, request).over()
    expect(failure).toMatchObject({ code: 'request-invalid', wasSent: false })
  }
  expect(server.sockets).toHaveLength(0)
})
