import { createHash } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHttp, type TestServer } from '../support/http.ts'
import { poolOf } from '../support/wire-client.ts'
import { WireRelay } from '../support/wire-relay.ts'
import { startWireServer, type WireServer } from '../support/wire-server.ts'

let endpoint: TestServer
let relay: WireServer
const pool = poolOf({ maxConnections: 4 })
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

beforeAll(async () => {
  endpoint = await startHttp(async (incoming, response) => {
    const body = await buffer(incoming)
    const { pieces, size, length } = JSON.parse(String(incoming.headers['x-ask']))
    response.setHeader('X-Digest', digestOf(body))
    if (length) response.setHeader('Content-Length', pieces * size)
    await pipeline(Readable.from(piecesOf(pieces, size)), response)
  })
  const address = { key: 'endpoint', address: '127.0.0.1', port: endpoint.port }
  relay = await startWireServer((exchange) => void new WireRelay(exchange, pool, address))
})

afterAll(async () => {
  agent.destroy()
  await relay.close()
  pool.close()
  await endpoint.close()
})

const digestOf = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')
const piecesOf = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => Buffer.alloc(size, `${i} and ${size}, `))

/** How much goes in one direction, in what pieces, and whether its length is told. */
const half = fc.record({
  pieces: fc.nat(5),
  size: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 200_000 })),
  length: fc.boolean(),
})

test('bodies of every size and framing come through both sides whole, many at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(half, half), { minLength: 1, maxLength: 12 }), async (exchanges) => {
      await Promise.all(
        exchanges.map(async ([up, down]) => {
          const sent = piecesOf(up.pieces, up.size)
          const response = await ask(sent, up.length, { 'x-ask': JSON.stringify(down) })
          const body = await buffer(response)
          expect(response.statusCode).toBe(200)
          expect(response.headers['x-digest']).toBe(digestOf(Buffer.concat(sent)))
          expect(body.equals(Buffer.concat(piecesOf(down.pieces, down.size)))).toBe(true)
        }),
      )
    }),
    { numRuns: 40 },
  )
})

async function ask(
  sent: readonly Buffer[],
  hasLength: boolean,
  headers: Record<string, string | number>,
): Promise<IncomingMessage> {
  const length = sent.reduce((sum, { length }) => sum + length, 0)
  const framing = hasLength ? { 'content-length': length } : { 'transfer-encoding': 'chunked' }
  const options = { agent, port: relay.port, host: '127.0.0.1', method: 'POST' }
  const outgoing = request({ ...options, headers: { ...headers, ...framing } })
  const response = new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.on('response', resolve).on('error', reject),
  )
  await pipeline(Readable.from(sent), outgoing)
  return response
}
