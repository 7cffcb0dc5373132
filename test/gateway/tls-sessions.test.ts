import { randomBytes } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { TicketRing, ticketKey } from '../../src/tls/ticket-keys.ts'
import { type MadeAuthority, makeAuthority } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml, startListener } from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import { ask, certificateRecord, put, requestText, sessionOf, shake } from '../support/tls-gateway.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let authority: MadeAuthority
beforeAll(() => {
  authority = makeAuthority()
})

const HOST = 'shop.example.com'
const newKey = () => ticketKey(randomBytes(48))

async function tableOfOne(): Promise<Table> {
  const pod = await startHttp((request, response) => void response.end(`you asked for ${request.url}`))
  closers.push(pod.close)
  const table = new Table()
  const annotations = { 'postern.dev/host': HOST, 'postern.dev/tls-secret': 'shop-tls' }
  put(
    table,
    ...recordsOf(serviceYaml({ endpoints: [pod.port], annotations })),
    certificateRecord('shop/shop-tls', authority, { hosts: [HOST] }),
  )
  return table
}

/** One of several gateways that serve the same. */
async function start(table: Table, tickets: TicketRing) {
  const gateway = await startListener(() => table, { tls: { tickets } })
  closers.push(gateway.close)
  const connect = async (options: object) => {
    const socket = await shake(gateway.securePort, { servername: HOST, ...options })
    closers.push(() => void socket.destroy())
    return socket
  }
  return { ...gateway, connect }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (version) => {
  const versions = { minVersion: version, maxVersion: version }

  test('goes on at another gateway with the same keys, and with a renewed certificate', async () => {
    const key = newKey()
    const table = await tableOfOne()
    const [one, other] = [
      await start(table, new TicketRing([key])),
      await start(table, new TicketRing([key])),
    ]
    const session = await sessionOf(await one.connect(versions))
    put(table, certificateRecord('shop/shop-tls', authority, { hosts: [HOST] }))
    const resumed = await other.connect({ ...versions, session })
    expect(resumed.isSessionReused()).toBe(true)
    expect(await ask(resumed, HOST)).toContain('200 OK')
    expect(other.listener.handshakes.made).toEqual([{ version, isResumed: true, count: 1 }])
  })

  test('goes on while its key is kept beside the new one, and no longer', async () => {
    const [old, newer] = [newKey(), newKey()]
    const ring = new TicketRing([old])
    const gateway = await start(await tableOfOne(), ring)
    const session = await sessionOf(await gateway.connect(versions))
    ring.set([newer, old])
    expect((await gateway.connect({ ...versions, session })).isSessionReused()).toBe(true)
    const next = await sessionOf(await gateway.connect(versions))
    ring.set([newer])
    expect((await gateway.connect({ ...versions, session })).isSessionReused()).toBe(false)
    expect((await gateway.connect({ ...versions, session: next })).isSessionReused()).toBe(true)
  })

  test('does not go on at a gateway with other keys', async () => {
    const table = await tableOfOne()
    const [one, other] = [
      await start(table, new TicketRing([newKey()])),
      await start(table, new TicketRing([newKey()])),
    ]
    const session = await sessionOf(await one.connect(versions))
    expect((await other.connect({ ...versions, session })).isSessionReused()).toBe(false)
  })
})

test('a certificate that is renewed under load loses no request and no connection', async () => {
  const table = await tableOfOne()
  const gateway = await start(table, new TicketRing([newKey()]))
  const kept = await gateway.connect({})
  const before = kept.getPeerCertificate().fingerprint256
  let seen = ''
  kept.setEncoding('latin1').on('data', (chunk: string) => {
    seen += chunk
  })
  const shown = new Set<string>()
  const load = Array.from({ length: 8 }, async (_, client) => {
    for (let i = 0; i < 12; i++) {
      const socket = await gateway.connect({})
      shown.add(socket.getPeerCertificate().fingerprint256)
      const path = `/${client}/${i}`
      expect(await ask(socket, HOST, path)).toContain(`you asked for ${path}`)
      if (client === 0 && i % 3 === 0) {
        put(table, certificateRecord('shop/shop-tls', authority, { hosts: [HOST] }))
      }
    }
  })
  await Promise.all(load)
  expect(shown.size).toBeGreaterThan(3)
  expect(gateway.listener.handshakes.failed).toEqual({})
  // The one that was there before goes on with what it has.
  const end = new Promise((resolve) => kept.once('close', resolve))
  kept.write(requestText(HOST, '/kept', ['Connection: close']))
  await end
  expect(seen).toContain('you asked for /kept')
  expect(shown).toContain(before)
})
