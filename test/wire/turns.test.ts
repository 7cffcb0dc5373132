import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { systemTimers } from '../../src/model/clock.node.ts'
import { wireBounds } from '../../src/wire/bounds.ts'
import { Deadlines } from '../../src/wire/deadlines.ts'
import { LentReads, READ_BYTES, TURN_READS } from '../../src/wire/lent-reads.node.ts'
import { ServerConnection } from '../../src/wire/server-connection.node.ts'
import { Recorder } from '../support/wire-server.ts'

function flowing(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }).resume()
}

test('an endpoint that has much to say is left after some reads, and heard again', () => {
  const socket = flowing()
  const reads = new LentReads()
  let bytes = 0
  reads.listen(socket, (read) => (bytes += read.length))
  const full = (count: number) => Array.from({ length: count }, () => reads.callback(READ_BYTES))
  const all = Array.from({ length: TURN_READS }, (_, at) => at + 1 < TURN_READS)
  expect(full(TURN_READS)).toEqual(all)
  expect(bytes).toBe(TURN_READS * READ_BYTES)
  // One that was not full had nothing behind it.
  expect(full(TURN_READS - 1)).not.toContain(false)
  expect(reads.callback(1)).toBe(true)
  expect(full(TURN_READS)).toEqual(all)
})

test('one that somebody has paused meanwhile stays so', async () => {
  const socket = flowing()
  const reads = new LentReads()
  reads.listen(socket, () => {})
  for (let read = 0; read < TURN_READS; read++) reads.callback(READ_BYTES)
  socket.pause()
  await new Promise(setImmediate)
  expect(socket.isPaused()).toBe(true)
})

test('a client that sends much at once is left, and heard again in the next turn', async () => {
  const socket = flowing()
  const { promise, resolve } = Promise.withResolvers<Recorder>()
  const connection = new ServerConnection(socket, {
    bounds: wireBounds,
    timeouts: { headMs: 0, idleMs: 0, stallMs: 0, lingerMs: 0 },
    minBodyRate: { bytesPerSecond: 0, graceMs: 0 },
    deadlines: new Deadlines(systemTimers, 1000),
    endIsLeaving: true,
    onRequest: (exchange) => resolve(new Recorder(exchange)),
    refuse: () => undefined,
    onClose: () => {},
  })
  socket.push(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${3 * READ_BYTES}\r\n\r\n`)
  const request = await promise
  request.exchange.resume()
  for (let chunk = 1; chunk <= 3; chunk++) {
    socket.push(Buffer.alloc(READ_BYTES))
    await request.until(({ body }) => body.length === chunk * READ_BYTES)
    expect(socket.isPaused()).toBe(true)
    await new Promise(setImmediate)
    expect(socket.isPaused()).toBe(false)
  }
  expect(request.trailers).toEqual([])
  connection.cut()
})
