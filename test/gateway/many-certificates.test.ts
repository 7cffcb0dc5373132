import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Server, TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { Scopes } from '../../src/gateway/tls/scopes.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { SecureDoors } from '../../src/tls/secure-doors.node.ts'
import { ticketKey } from '../../src/tls/ticket-keys.ts'
import { makeAuthority, newKeys } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml, startListener } from '../support/gateway.ts'
import { certificateRecord, identityOf, put, shake } from '../support/tls-gateway.ts'

const openText = secretOpener([], [])

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Bytes beside V8's heap that it knows of, once its garbage is gone. */
async function settledExternal(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('Cannot collect garbage: no gc')
  // Ephemerons and what they hold go in turns.
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate)
    collect()
  }
  return process.memoryUsage().external
}

/** Twenty times as many are measured by hand: docs/tls.md. */
const COUNT = 1_000

test('of many certificates the one of the name is found, and doors are made for those only who come', async () => {
  const authority = makeAuthority()
  const keys = newKeys('ec')
  const table = new Table()
  const hostOf = (index: number): string => `host-${index}.example.com`
  for (let i = 0; i < COUNT; i++) {
    const annotations = { 'postern.dev/host': hostOf(i), 'postern.dev/tls-secret': `tls-${i}` }
    put(
      table,
      ...recordsOf(serviceYaml({ name: `web-${i}`, endpoints: [], annotations })),
      certificateRecord(`shop/tls-${i}`, authority, { hosts: [hostOf(i)], keys }),
    )
  }
  let opened = 0
  const gateway = await startListener(() => table, {
    tls: {
      openSecret: (part, recordId) => {
        opened++
        return openText(part, recordId)
      },
    },
  })
  closers.push(gateway.close)
  const names = [0, COUNT / 2, COUNT - 1].map(hostOf)
  for (const servername of [...names, ...names]) {
    const socket = await shake(gateway.securePort, { servername })
    expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${servername}`)
    socket.destroy()
  }
  expect(opened).toBe(names.length)
})

test('more hosts than are kept ready lose no handshake', async () => {
  const key = ticketKey(new Uint8Array(48))
  const authority = makeAuthority()
  const keys = newKeys('ec')
  const policy = {
    minVersion: 'TLSv1.2',
    onSecure: (socket: TLSSocket) => void socket.on('error', () => {}).end('welcome'),
    onFailure: (error: Error) => void failures.push(error),
  } as const
  const failures: Error[] = []
  const doors = new SecureDoors(policy, openText, 1)
  const made = new Set<Server>()
  const hosts = Array.from({ length: 8 }, (_, at) => `host-${at}.example.com`)
  const scopes = hosts.map((host) => {
    const identities = [identityOf(authority.issue({ hosts: [host], keys }))]
    return { id: host, identities, clients: undefined }
  })
  const byPort = await Promise.all(
    scopes.map(async (scope) => {
      const server = createServer({ allowHalfOpen: true }, async (socket) => {
        const door = await doors.door(scope, key)
        made.add(door)
        door.emit('connection', socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      closers.push(() => void server.close())
      const address = server.address()
      return typeof address === 'object' ? (address?.port ?? 0) : 0
    }),
  )
  for (let turn = 0; turn < 4; turn++) {
    const welcomes = byPort.map(async (port, at) => {
      const socket = await shake(port, { servername: hosts[at] ?? '' })
      expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${hosts[at]}`)
      return await text(socket)
    })
    expect(await Promise.all(welcomes)).toEqual(hosts.map(() => 'welcome'))
  }
  expect(failures).toEqual([])
  expect(doors.size).toBe(1)
  expect(made.size).toBeGreaterThan(hosts.length)
})

test('V8 knows what OpenSSL holds for a door, and lets it go with the door', async () => {
  const key = ticketKey(new Uint8Array(48))
  const authority = makeAuthority()
  const keys = newKeys('ec')
  const policy = { minVersion: 'TLSv1.2', onSecure: () => {}, onFailure: () => {} } as const
  const identities = [identityOf(authority.issue({ hosts: ['a.example.com'], keys }))]
  const made = 400
  const before = await settledExternal()
  const doors = new SecureDoors(policy, openText, made)
  for (let i = 0; i < made; i++) await doors.door({ id: `${i}`, identities, clients: undefined }, key)
  expect((await settledExternal()) - before).toBeGreaterThan(made * 30_000)
  const others = new SecureDoors(policy, openText, 1)
  for (let i = 0; i < made; i++) await others.door({ id: `${i}`, identities, clients: undefined }, key)
  expect((await settledExternal()) - before).toBeLessThan(1.5 * made * 32_768)
  expect(doors.size).toBe(made)
})

test('doors are kept within a bound, and made once for all who wait', async () => {
  const authority = makeAuthority()
  const table = new Table()
  const hosts = ['a.example.com', 'b.example.com', 'c.example.com']
  const clusters = [{ name: undefined, table: () => table }]
  const scopes = new Scopes(clusters, () => undefined, Date.now)
  let opened = 0
  const open: typeof openText = (part, recordId) => {
    opened++
    return openText(part, recordId)
  }
  const policy = { minVersion: 'TLSv1.2', onSecure: () => {}, onFailure: () => {} } as const
  const doors = new SecureDoors(policy, open, 2)
  const key = ticketKey(new Uint8Array(48))
  const knock = async (host: string) => {
    const found = scopes.find(host)
    if (found === undefined) throw new Error(`no certificate for ${host}`)
    return await doors.door(found.scope, key)
  }
  for (const host of hosts) {
    const annotations = { 'postern.dev/host': host, 'postern.dev/tls-secret': host }
    put(
      table,
      ...recordsOf(serviceYaml({ name: host.slice(0, 1), endpoints: [], annotations })),
      certificateRecord(`shop/${host}`, authority, { hosts: [host] }),
    )
  }
  const [a, b, c] = hosts
  const [first, second] = await Promise.all([knock(a ?? ''), knock(a ?? '')])
  expect(first).toBe(second)
  expect(opened).toBe(1)
  await knock(b ?? '')
  await knock(c ?? '')
  expect(doors.size).toBe(2)
  expect(await knock(b ?? '')).toBe(await knock(b ?? ''))
  expect(opened).toBe(3)
  expect(await knock(a ?? '')).not.toBe(first)
})
