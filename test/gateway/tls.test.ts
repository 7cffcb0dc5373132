import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { parseCidr } from '../../src/model/address.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { type MadeAuthority, makeAuthority } from '../support/certificate-maker.ts'
import {
  hurried,
  recordsOf,
  serviceYaml,
  startListener,
  type TestGatewayOptions,
} from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import { RawClient } from '../support/raw-client.ts'
import { ask, certificateRecord, identityOf, put, requestText, shake } from '../support/tls-gateway.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let authority: MadeAuthority
beforeAll(() => {
  authority = makeAuthority()
})

const HOST = 'shop.example.com'

async function start(
  annotations: Readonly<Record<string, string>> = {},
  options: TestGatewayOptions = { tls: {} },
) {
  const pod = await startHttp((request, response) => {
    response.setHeader('Strict-Transport-Security', 'max-age=1')
    response.end(JSON.stringify(request.headers))
  })
  closers.push(pod.close)
  const said: string[] = []
  const table = new Table()
  const hosts = { 'postern.dev/host': `${HOST}, *.${HOST}`, 'postern.dev/tls-secret': 'shop-tls, wild' }
  put(
    table,
    ...recordsOf(serviceYaml({ endpoints: [pod.port], annotations: { ...hosts, ...annotations } })),
    certificateRecord('shop/shop-tls', authority, { hosts: [HOST] }),
    certificateRecord('shop/wild', authority, { hosts: [`*.${HOST}`] }),
    // Another tenant's, for the same names.
    certificateRecord('thief/shop-tls', authority, { hosts: [HOST, 'other.example.com'] }),
  )
  const gateway = await startListener(() => table, {
    onTrouble: (error) => void said.push(error.message),
    ...options,
  })
  closers.push(gateway.close)
  return { ...gateway, table, said }
}

const subjectOf = (socket: { getPeerCertificate(): { subjectaltname?: string } }) =>
  socket.getPeerCertificate().subjectaltname

describe('over TLS', () => {
  test('a request is answered, and its endpoint learns that it came by https', async () => {
    const gateway = await start()
    const text = await ask(await shake(gateway.securePort, { servername: HOST }), HOST)
    expect(text).toContain('HTTP/1.1 200 OK')
    expect(text).toContain('"x-forwarded-proto":"https"')
    const [seen] = await gateway.observer.ended(1)
    expect(seen?.start).toMatchObject({ scheme: 'https', tls: { version: 'TLSv1.3' } })
    expect(gateway.listener.handshakes.made).toEqual([{ version: 'TLSv1.3', isResumed: false, count: 1 }])
  })

  test.each([
    ['its exact name', HOST, `DNS:${HOST}`],
    ['any case of it', 'SHOP.example.com', `DNS:${HOST}`],
    ['one label below a wildcard', `eu.${HOST}`, `DNS:*.${HOST}`],
    ['two labels below it: the own one', `a.eu.${HOST}`, 'DNS:own.example.net'],
    ['a name that nobody has: the own one', 'other.example.com', 'DNS:own.example.net'],
    ['no name: the own one', '', 'DNS:own.example.net'],
  ])('the certificate is that of %s', async (_, servername, shown) => {
    const own = identityOf(authority.issue({ hosts: ['own.example.net'] }))
    const gateway = await start({}, { tls: { own: () => own } })
    const socket = await shake(gateway.securePort, { servername })
    closers.push(() => void socket.destroy())
    expect(subjectOf(socket)).toBe(shown)
  })

  test.each([['other.example.com'], ['']])(
    'without one for "%s" the client is told so',
    async (servername) => {
      const gateway = await start()
      await expect(shake(gateway.securePort, { servername })).rejects.toThrow(/unrecognized.name/i)
      await waitFor(
        'its place',
        () => gateway.listener.connections.open,
        (open) => open === 0,
      )
      expect(gateway.listener.handshakes.failed).toEqual({ 'name-unknown': 1 })
    },
  )

  test('of two certificates for a host the one that holds is shown', async () => {
    const gateway = await start({ 'postern.dev/tls-secret': 'old, new' })
    const expired = { notBefore: Date.now() - 2e9, notAfter: Date.now() - 1e9 }
    put(
      gateway.table,
      certificateRecord('shop/old', authority, { hosts: [HOST], ...expired }),
      certificateRecord('shop/new', authority, { hosts: [`*.example.com`] }),
    )
    const socket = await shake(gateway.securePort, { servername: HOST })
    closers.push(() => void socket.destroy())
    expect(subjectOf(socket)).toBe('DNS:*.example.com')
  })

  test('clients of either kind of key get theirs, where there are both', async () => {
    const gateway = await start({ 'postern.dev/tls-secret': 'ec, rsa' })
    put(
      gateway.table,
      certificateRecord('shop/ec', authority, { hosts: [HOST] }),
      certificateRecord('shop/rsa', authority, { hosts: [HOST], kind: 'rsa' }),
    )
    const kinds = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'].map(async (ciphers) => {
      const socket = await shake(gateway.securePort, { servername: HOST, maxVersion: 'TLSv1.2', ciphers })
      closers.push(() => void socket.destroy())
      return socket.getCipher().name
    })
    expect(await Promise.all(kinds)).toEqual(['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'])
  })

  test('a client that speaks other protocols only is told so', async () => {
    const gateway = await start()
    await expect(shake(gateway.securePort, { servername: HOST, ALPNProtocols: ['h2'] })).rejects.toThrow(
      /no.application.protocol/i,
    )
    const both = await shake(gateway.securePort, { servername: HOST, ALPNProtocols: ['h2', 'http/1.1'] })
    closers.push(() => void both.destroy())
    expect(both.alpnProtocol).toBe('http/1.1')
    await waitFor(
      'the count',
      () => gateway.listener.handshakes.failed.alpn,
      (count) => count === 1,
    )
  })

  test.each([
    ['TLSv1.1', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.3'],
  ] as const)('a client of %s is refused where %s is the least', async (maxVersion, minVersion) => {
    const gateway = await start({}, { tls: { minVersion } })
    const old = { servername: HOST, minVersion: 'TLSv1' as const, maxVersion, ciphers: 'ALL@SECLEVEL=0' }
    await expect(shake(gateway.securePort, old)).rejects.toThrow()
    await waitFor(
      'the count',
      () => gateway.listener.handshakes.failed.version,
      (count) => count === 1,
    )
  })

  test('a certificate whose key cannot be opened is told of, and the own one shown instead', async () => {
    const own = identityOf(authority.issue({ hosts: ['own.example.net'] }))
    const openSecret = async (part: { form: string; text?: string }, recordId: string) => {
      if (recordId === '["certificate","shop/shop-tls"]') throw new Error('sealed for others')
      return part.text ?? ''
    }
    const gateway = await start(
      {},
      { tls: { own: () => own, openSecret }, onTrouble: (error) => said.push(error.message) },
    )
    const said: string[] = []
    const socket = await shake(gateway.securePort, { servername: HOST })
    closers.push(() => void socket.destroy())
    expect(subjectOf(socket)).toBe('DNS:own.example.net')
    expect(said).toEqual([
      `Cannot make a handshake for "${HOST}": certificate shop/shop-tls cannot be used: sealed for others`,
    ])
  })
})

describe('a connection that shakes no hands', () => {
  test('is ended in time, and leaves its place', async () => {
    const gateway = await start({}, { tls: {}, timers: hurried })
    const client = await RawClient.connect(gateway.securePort)
    client.write('\x16\x03\x01')
    await client.ended()
    await waitFor(
      'its place',
      () => gateway.listener.connections.open,
      (open) => open === 0,
    )
    expect(gateway.listener.handshakes.failed).toEqual({ timeout: 1 })
  })

  test('is ended in time within its handshake too', async () => {
    const gateway = await start({}, { tls: {}, timers: hurried })
    // A client that hears nothing never answers.
    const wire = connect(gateway.securePort, '127.0.0.1')
    const silent = connectTls({ socket: wire, servername: HOST }).on('error', () => {})
    wire.pause()
    wire.removeAllListeners('data')
    await waitFor(
      'its failure',
      () => gateway.listener.handshakes.failed.timeout,
      (count) => count === 1,
    )
    silent.destroy()
    await waitFor(
      'its place',
      () => gateway.listener.connections.open,
      (open) => open === 0,
    )
  })

  test('but speaks HTTP is told so', async () => {
    const gateway = await start()
    const client = await RawClient.connect(gateway.securePort)
    client.write(requestText(HOST, '/'))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 [\s\S]*https only\.\n$/)
    await waitFor(
      'the count',
      () => gateway.listener.handshakes.failed['not-tls'],
      (count) => count === 1,
    )
  })

  test('counts against the bounds of its client', async () => {
    const connections = { maxConnections: 0, maxConnectionsPerClient: 1 }
    const gateway = await start({}, { tls: {}, connections, onTrouble: () => {} })
    const first = await RawClient.connect(gateway.securePort)
    await waitFor(
      'the first',
      () => gateway.listener.connections.open,
      (open) => open === 1,
    )
    const second = connect(gateway.securePort, '127.0.0.1')
    await expect(once(second, 'close')).rejects.toThrow('ECONNRESET')
    first.leave()
    await waitFor(
      'its place',
      () => gateway.listener.connections.open,
      (open) => open === 0,
    )
    expect(await ask(await shake(gateway.securePort, { servername: HOST }), HOST)).toContain('200 OK')
  })

  test('is ended when the gateway closes', async () => {
    const gateway = await start()
    const client = await RawClient.connect(gateway.securePort)
    await waitFor(
      'it',
      () => gateway.listener.connections.open,
      (open) => open === 1,
    )
    await Promise.all([gateway.listener.close(0), client.ended()])
  })
})

test('a balancer says before the hello whom it speaks for', async () => {
  const proxyProtocol = [parseCidr('127.0.0.1/32')].flatMap((cidr) => (cidr ? [cidr] : []))
  const gateway = await start({}, { tls: {}, proxyProtocol })
  const wire = connect(gateway.securePort, '127.0.0.1')
  wire.write('PROXY TCP4 203.0.113.7 127.0.0.1 4711 443\r\n')
  const socket = await shake(gateway.securePort, { socket: wire, servername: HOST })
  const text = await ask(socket, HOST)
  expect(text).toContain('"x-forwarded-for":"203.0.113.7"')
  expect(text).toContain('"x-forwarded-proto":"https"')
})

describe('plain HTTP', () => {
  // A client that ends its side has left: it is kept open here.
  const asked = async (port: number, path = '/', host = HOST): Promise<string> => {
    const client = await RawClient.connect(port)
    client.write(requestText(host, path, ['Connection: close']))
    return client.ended()
  }

  test('is sent to https where a certificate is named', async () => {
    const gateway = await start()
    const text = await asked(gateway.port, '/a/b?c=d')
    expect(text).toMatch(/^HTTP\/1\.1 308 /)
    expect(text).toContain(`Location: https://${HOST}/a/b?c=d\r\n`)
  })

  test('to the port where it is spoken, by who came to a port of its own', async () => {
    const road = { trustedProxies: [], networkPolicy: 'enforce', httpsPort: 8443 } as const
    const gateway = await start({}, { tls: {}, road })
    expect(await asked(gateway.port, '/', `${HOST}:8080`)).toContain(`Location: https://${HOST}:8443/\r\n`)
    expect(await asked(gateway.port, '/', HOST)).toContain(`Location: https://${HOST}/\r\n`)
  })

  test('is answered where a certificate is to be proven, and where the Service says so', async () => {
    const gateway = await start()
    expect(await asked(gateway.port, '/.well-known/acme-challenge/token')).toContain('200 OK')
    const open = await start({ 'postern.dev/tls-redirect': 'false' })
    expect(await asked(open.port)).toContain('200 OK')
  })

  test('is https to a trusted proxy that says so', async () => {
    const trustedProxies = [parseCidr('127.0.0.1/32')].flatMap((cidr) => (cidr ? [cidr] : []))
    const gateway = await start({}, { tls: {}, road: { trustedProxies, networkPolicy: 'enforce' } })
    const client = await RawClient.connect(gateway.port)
    client.write(requestText(HOST, '/', ['X-Forwarded-Proto: https', 'Connection: close']))
    expect(await client.ended()).toContain('200 OK')
  })
})

describe('Strict-Transport-Security', () => {
  const hsts = {
    'postern.dev/hsts': 'max-age=31536000; includeSubDomains',
    'postern.dev/tls-redirect': 'false',
  }

  test('is said over TLS, instead of what the application says, and with errors too', async () => {
    const gateway = await start({ ...hsts, 'postern.dev/path': '/app' })
    for (const path of ['/app', '/nowhere']) {
      const text = await ask(await shake(gateway.securePort, { servername: HOST }), HOST, path)
      expect(text.match(/^strict-transport-security: .*$/gim)).toEqual([
        'Strict-Transport-Security: max-age=31536000; includeSubDomains',
      ])
    }
  })

  test('is not said of ours by plain HTTP', async () => {
    const gateway = await start(hsts)
    const client = await RawClient.connect(gateway.port)
    client.write(requestText(HOST, '/', ['Connection: close']))
    expect(await client.ended()).not.toContain('31536000')
  })
})
