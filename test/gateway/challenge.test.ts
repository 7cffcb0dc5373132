import { afterEach, expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { formatExplanation } from '../../src/gateway/explain/explanation.ts'
import { HostTables } from '../../src/gateway/host-tables.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import type { Table } from '../../src/gateway/table.ts'
import { unsignedHead } from '../../src/registry/head.ts'
import { ownerOf } from '../../src/registry/owner.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { recordsOf, serviceYaml, startListener, tableOf } from '../support/gateway.ts'
import { sendRaw, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const HOST = 'web.shop.example.test'
const PATH = '/.well-known/acme-challenge/'
const ANSWER = 'token-1.thumbprint'
const single = {
  maxHosts: 10,
  maxBytes: 1_000_000,
  maxGuests: 10,
  maxGuestBytes: 1_000_000,
  softMs: 1_000,
  negativeMs: 1_000,
  maxStaleMs: 0,
}
const headAt = (revision: number) =>
  unsignedHead({
    schema: 1,
    cluster: 'test',
    position: { epoch: 1, revision },
    observedAt: 0,
    root: '0'.repeat(64),
  })
const challenge = {
  kind: 'challenge',
  key: `${HOST}/token-1`,
  text: JSON.stringify({ keyAuthorization: ANSWER }),
}

/** A table with a challenge for the host, which nobody may reach otherwise. */
function guardedTable(port: number): Table {
  const annotations = {
    'postern.dev/allow-cidrs': '192.0.2.0/24',
    'postern.dev/host': `${HOST}, b.example.test`,
  }
  const table = tableOf(serviceYaml({ annotations, endpoints: [port] }))
  table.apply([challenge])
  return table
}

async function gatewayOver(
  table: (port: number) => Table,
): Promise<(line: string, host?: string) => Promise<string>> {
  const pod = await startTcp((socket) =>
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\napplication')),
  )
  const made = table(pod.port)
  const gateway = await startListener(() => made)
  closers.push(pod.close, gateway.close)
  return (line, host = HOST) =>
    sendRaw(gateway.port, `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
}

test('a challenge is answered before anybody is refused', async () => {
  const ask = await gatewayOver(guardedTable)
  const answer = await ask(`GET ${PATH}token-1`)
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(answer).toMatch(/\r\nContent-Type: application\/octet-stream\r\n/)
  expect(answer.split('\r\n\r\n')[1]).toBe(ANSWER)
})

test('it is answered for the exact token, host and method only', async () => {
  const ask = await gatewayOver(guardedTable)
  for (const line of ['token-2', 'token-1/', 'token-1/x', 'TOKEN-1', '']) {
    expect(await ask(`GET ${PATH}${line}`), line).toMatch(/^HTTP\/1\.1 403 /)
  }
  expect(await ask(`POST ${PATH}token-1`)).toMatch(/^HTTP\/1\.1 403 /)
  expect(await ask(`GET ${PATH}token-1`, 'b.example.test')).toMatch(/^HTTP\/1\.1 403 /)
})

test("without a challenge the path is the application's", async () => {
  const ask = await gatewayOver((port) => tableOf(serviceYaml({ endpoints: [port] })))
  expect(await ask(`GET ${PATH}token-1`)).toMatch(/\r\n\r\napplication$/)
})

test('one that has been taken away, or cannot be read, is not answered', async () => {
  const table = guardedTable(1)
  expect(table.challenge(HOST, 'token-1')).toEqual({ keyAuthorization: ANSWER })
  table.apply([{ ...challenge, text: JSON.stringify({ keyAuthorization: 'a\r\nb' }) }])
  expect(table.challenge(HOST, 'token-1')).toBeUndefined()
  table.apply([challenge, { ...challenge, text: null }])
  expect(table.challenge(HOST, 'token-1')).toBeUndefined()
})

test('explain names the challenge', () => {
  const table = guardedTable(1)
  const present = { externalEndpoints: () => undefined, staleness: () => undefined }
  const state = new GatewayState(frozenClock)
  const answer = explain(
    { url: `http://${HOST}${PATH}token-1`, from: '203.0.113.9', method: 'GET', headers: [] },
    {
      clusters: [onlyCluster(() => table, state, present)],
      road: { trustedProxies: [], networkPolicy: 'enforce' },
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  expect(formatExplanation(answer.explanation)).toMatch(/challenge: a certificate authority asks/)
  expect(answer.explanation.outcome.summary).toBe('200 challenge-answered')
})

test('a table of single hosts holds what is asked of its hosts, and hears when that changes', () => {
  const tables = new HostTables(single)
  const records = recordsOf(serviceYaml({ endpoints: [1] }))
  tables.store(HOST, { type: 'bundle', head: headAt(1), etag: '1', records: [...records, challenge] }, 0)
  expect(tables.at(0).challenge(HOST, 'token-1')).toEqual({ keyAuthorization: ANSWER })
  expect(tables.touch([ownerOf(challenge.kind, challenge.key)])).toEqual([HOST])
})
