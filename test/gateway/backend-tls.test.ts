import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Table } from '../../src/gateway/table.ts'
import { writeCredential } from '../../src/model/credential-texts.ts'
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

describe('a Service over TLS', () => {
  test('is asked by its own name, and verified by the authority that it names', async () => {
    const { port, connections, requests } = await backend(good)
    const table = tlsTable({ ports: [port], annotations: CA, authorities: ca() })
    const { ask } = await gateway(() => table)
    for (let i = 0; i < 3; i++) expect((await ask()).body).toBe('behind TLS')
    expect(connections).toMatchObject([{ serverName: NAME, alpn: 'http/1.1' }])
    expect(requests[0]?.headers).toMatchObject({ host: 'web.shop.example.test', 'x-forwarded-proto': 'http' })
  })

  test('carries WebSockets', async () => {
    const { port } = await backend(good)
    const table = tlsTable({
      ports: [port],
      annotations: CA,
      authorities: ca(),
      appProtocol: 'kubernetes.io/wss',
    })
    const started = await gateway(() => table)
    const socket = new WebSocket(`ws://127.0.0.1:${started.port}/`, {
      headers: { Host: 'web.shop.example.test' },
    })
    await once(socket, 'open')
    socket.send('hello')
    expect(`${(await once(socket, 'message'))[0]}`).toBe('hello')
    socket.close()
    await once(socket, 'close')
  })

  test('of which one endpoint proves nothing is served by the other', async () => {
    const bad = await backend(issueLeaf(other, { names: [NAME], authority: other }))
    const { port } = await backend(good)
    const table = tlsTable({ ports: [bad.port, port], annotations: CA, authorities: ca() })
    const { ask, observer } = await gateway(() => table)
    for (let i = 0; i < 20; i++) {
      const answer = await ask('POST')
      expect([answer.status, answer.body]).toEqual([200, 'behind TLS'])
    }
    expect(bad.requests).toEqual([])
    // It was tried, and is left alone for a while.
    expect(observer.seen.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0)
  })

  test('is shown the certificate that it asks for, which is opened once', async () => {
    const { port, connections } = await backend(good, { requestCert: true, ca: certificateOf(authority) })
    const { cert: chain, key } = issueLeaf(authority, { commonName: 'gateway', authority })
    const secret = { form: 'open', text: writeCredential('client-certificate', { chain, key }) } as const
    const table = tlsTable({
      ports: [port],
      annotations: { ...CA, 'postern.dev/backend-tls-client-certificate': 'mine' },
      authorities: ca(),
      credentials: { 'shop/mine': { type: 'client-certificate', secret } },
    })
    let opened = 0
    const open = async () => {
      opened++
      return secret.text
    }
    const { ask } = await gateway(() => table, { open })
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(connections.map(({ client }) => client))).toEqual(new Set(['gateway']))
    expect(opened).toBe(1)
  })
})

describe('what a client is told', () => {
  test.each([
    ['is of another authority', () => issueLeaf(other, { names: [NAME], authority: other })],
    ['has expired', () => issueLeaf(authority, { names: [NAME], days: -1, authority })],
    ['is for another name', () => issueLeaf(authority, { names: ['other.shop.svc'], authority })],
    ['was signed by nobody else', () => issueLeaf(authority, { names: [NAME] })],
  ])('of a certificate that %s is no more than that; the operator is told whole', async (_, leaf) => {
    const { port, requests } = await backend(leaf())
    const troubles: Error[] = []
    const table = tlsTable({ ports: [port], annotations: CA, authorities: ca() })
    const { ask, observer } = await gateway(() => table, { onTlsTrouble: (error) => troubles.push(error) })
    const answer = await ask()
    expect(answer.status).toBe(502)
    expect(answer.headers['proxy-status']).toBe('postern; error=tls_certificate_error')
    expect(answer.body).toBe('postern: tls_certificate_error\n')
    expect(requests).toEqual([])
    expect(troubles).toHaveLength(1)
    expect(troubles[0]?.cause).toBeInstanceOf(Error)
    expect(observer.causes[0]).toBe(troubles[0]?.cause)
  })

  test('of an endpoint that wants a certificate of ours is that there was an alert', async () => {
    const { port } = await backend(good, {
      requestCert: true,
      ca: certificateOf(authority),
      maxVersion: 'TLSv1.2',
    })
    const table = tlsTable({ ports: [port], annotations: CA, authorities: ca() })
    const answer = await (await gateway(() => table)).ask()
    expect([answer.status, answer.headers['proxy-status']]).toEqual([
      502,
      'postern; error=tls_alert_received',
    ])
  })
})

describe('a Service is closed', () => {
  const openCertificate = { form: 'open', text: '{}' } as const
  const mine = { 'postern.dev/backend-tls-client-certificate': 'mine' }
  test.each([
    ['whose authority is not there', CA, {}, {}],
    ['whose authority is no certificate', CA, { 'ConfigMap/shop/ca': 'nothing' }, {}],
    ['whose certificate is not there', mine, {}, {}],
    [
      'whose certificate is another kind of credential',
      mine,
      {},
      { 'shop/mine': { type: 'basic', secret: openCertificate } },
    ],
    [
      'whose certificate cannot be read',
      mine,
      {},
      { 'shop/mine': { type: 'client-certificate', secret: openCertificate } },
    ],
    [
      'whose certificate was sealed for others',
      mine,
      {},
      { 'shop/mine': { type: 'client-certificate', secret: { form: 'sealed', tag: 't', jwe: '{}' } } },
    ],
  ] as const)(
    '%s: no byte goes out, and it opens once that is mended',
    async (_, annotations, authorities, credentials) => {
      const { port, connections } = await backend(good)
      let table = tlsTable({ ports: [port], annotations, authorities, credentials })
      const { ask } = await gateway(() => table)
      const answer = await ask()
      expect([answer.status, answer.headers['proxy-status']]).toEqual([
        503,
        'postern; error=proxy_configuration_error',
      ])
      expect(connections).toEqual([])
      table = tlsTable({ ports: [port], annotations: CA, authorities: ca() })
      expect((await ask()).status).toBe(200)
    },
  )
})
