import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_HELLO_BYTES, readClientHello } from '../../src/tls/client-hello.ts'

/** The first bytes that a real client sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const client = connect({ host: '127.0.0.1', port, ...options }).on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [first] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return first
}

/** The same message in records of so many bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size)
    records.push(Buffer.of(22, 3, 1, part.length >>> 8, part.length & 0xff), part)
  }
  return Buffer.concat(records)
}

describe('the hello of a client', () => {
  test.each([
    ['example.com', 'TLSv1.3'],
    ['EXAMPLE.com', 'TLSv1.2'],
    ['', 'TLSv1.3'],
  ] as const)('for "%s" by %s tells the name', async (servername, maxVersion) => {
    const hello = await helloOf({ servername, maxVersion })
    const serverName = servername === '' ? undefined : servername
    expect(readClientHello(hello)).toEqual({ type: 'hello', hello: { serverName, ticketKeyNames: [] } })
  })

  test('is read from any number of records, and not before all of it is there', async () => {
    const hello = await helloOf({ servername: 'example.com' })
    for (const size of [1, 3, 100]) {
      expect(readClientHello(inRecords(hello, size))).toMatchObject({ hello: { serverName: 'example.com' } })
    }
    for (let end = 0; end < hello.length; end++) {
      expect(readClientHello(hello.subarray(0, end))).toEqual({ type: 'more' })
    }
  })

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not-tls'],
    ['another protocol', Buffer.of(0x80, 0x2e, 1), 'not-tls'],
    ['another message', Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0), 'hello-invalid'],
    ['an empty record', Buffer.of(22, 3, 1, 0, 0), 'hello-invalid'],
    ['a message without end', Buffer.of(22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff), 'hello-invalid'],
    ['a message that ends within a field', Buffer.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 3), 'hello-invalid'],
  ])('is not %s', (_, bytes, reason) => {
    expect(readClientHello(bytes)).toEqual({ type: 'fault', reason })
  })

  test('is not waited for without end', () => {
    const endless = Buffer.alloc(MAX_HELLO_BYTES + 16, Buffer.of(22, 3, 1, 0, 1, 1))
    expect(readClientHello(endless)).toEqual({ type: 'fault', reason: 'hello-invalid' })
  })

  test('that was tampered with is read or refused, and nothing else', async () => {
    const hello = await helloOf({ servername: 'example.com' })
    const change = fc.record({ at: fc.nat(hello.length - 1), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat(hello.length), (changes, end) => {
        const bytes = Buffer.from(hello)
        for (const { at, byte } of changes) bytes[at] = byte
        expect(['more', 'hello', 'fault']).toContain(readClientHello(bytes.subarray(0, end)).type)
      }),
      { numRuns: 2_000 },
    )
  })
})
