import { afterEach, expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { Scopes } from '../../src/gateway/tls/scopes.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { SecureDoors } from '../../src/tls/secure-doors.node.ts'
import { ticketKey } from '../../src/tls/ticket-keys.ts'
import { makeAuthority, newKeys } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml, startListener } from '../support/gateway.ts'
import { certificateRecord, put, shake } from '../support/tls-gateway.ts'

const openText = secretOpener([], [])

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

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
