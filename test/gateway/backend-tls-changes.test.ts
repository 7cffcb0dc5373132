import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Table } from '../../src/gateway/table.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { createAuthority, type TestAuthority } from '../support/certificates.ts'
import { startListener, type TestGatewayOptions } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import {
  certificateOf,
  issueLeaf,
  type Leaf,
  startTlsBackend,
  type TlsBackend,
} from '../support/tls-backend.ts'
import { tlsTable } from '../support/tls-table.ts'

const NAME = 'web.shop.svc'
const CA = { 'postern.dev/backend-tls-ca': 'configmap/ca' }
let authority: TestAuthority
let other: TestAuthority
let good: Leaf
beforeAll(() => {
  authority = createAuthority()
  other = createAuthority()
  good = issueLeaf(authority, { names: [NAME], authority })
})
afterAll(() => {
  for (const each of [authority, other]) each.remove()
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function backend(...args: Parameters<typeof startTlsBackend>): Promise<TlsBackend> {
  const started = await startTlsBackend(...args)
  closers.push(started.close)
  return started
}

async function gateway(table: () => Table, options?: TestGatewayOptions) {
  const started = await startListener(table, options)
  closers.push(started.close)
  const ask = (method = 'GET') => send({ port: started.port, method })
  return { ...started, ask }
}

const ca = () => ({ 'ConfigMap/shop/ca': certificateOf(authority) })

test('an authority that is exchanged under load holds for what is connected from then on, and nothing is dropped', async () => {
  const old = await backend(good)
  const renewed = await backend(issueLeaf(other, { names: [NAME], authority: other }))
  // Between the two every endpoint is known to both.
  const both = certificateOf(authority) + certificateOf(other)
  const tableOf = (ports: number[], pem: string) =>
    tlsTable({ ports, annotations: CA, authorities: { 'ConfigMap/shop/ca': pem } })
  let table = tableOf([old.port], certificateOf(authority))
  const started = await gateway(() => table)
  const use = (next: Table): void => {
    table = next
    started.renewed()
  }
  let isOver = false
  const failed: number[] = []
  let answered = 0
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const { status } = await started.ask()
      answered++
      if (status !== 200) failed.push(status)
    }
  })
  const more = (count: number) => {
    const wanted = answered + count
    return waitFor(
      'more answers',
      () => answered,
      (now) => now >= wanted,
    )
  }
  await more(50)
  const before = old.connections.length
  use(tableOf([old.port, renewed.port], both))
  await more(50)
  // All of the old identity are closed; what stands was verified by both authorities.
  await waitFor(
    'connections of the old identity to be closed',
    () => old.connections.slice(0, before),
    (them) => them.every(({ isClosed }) => isClosed),
  )
  use(tableOf([renewed.port], certificateOf(other)))
  await more(50)
  isOver = true
  await Promise.all(load)
  expect(failed).toEqual([])
  await waitFor(
    'the old endpoint to be left',
    () => old.connections,
    (them) => them.every(({ isClosed }) => isClosed),
  )
  // The old authority alone vouches for nobody any more.
  use(tableOf([old.port], certificateOf(other)))
  expect((await started.ask()).status).toBe(502)
})

describe('past --max-stale', () => {
  const stale = { staleness: () => ({ observedMsAgo: 2, maxStaleMs: 1 }) }
  test.each([
    ['a Pod that proves its identity is reached', CA, 200],
    [
      'a Pod that is known by a name of every machine is not',
      { ...CA, 'postern.dev/backend-tls-server-name': 'localhost' },
      503,
    ],
    ['a Pod that need prove nothing is not', { 'postern.dev/backend-tls-verify': 'false' }, 503],
  ] as const)('%s', async (_, annotations, status) => {
    const leaf = issueLeaf(authority, { names: [NAME, 'localhost'], authority })
    const { port } = await backend(leaf)
    const table = tlsTable({ ports: [port], annotations, authorities: ca() })
    expect((await (await gateway(() => table)).ask()).status).toBe(200)
    expect((await (await gateway(() => table, { freshness: stale })).ask()).status).toBe(status)
  })

  test('another application at the address of the Pod gets nothing', async () => {
    const { port, requests } = await backend(issueLeaf(authority, { names: ['other.shop.svc'], authority }))
    const table = tlsTable({ ports: [port], annotations: CA, authorities: ca() })
    expect((await (await gateway(() => table, { freshness: stale })).ask()).status).toBe(502)
    expect(requests).toEqual([])
  })
})
