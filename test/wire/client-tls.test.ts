import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/model/clock.node.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'
import type { TlsIdentity } from '../../src/wire/tls-identity.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { createAuthority, type TestAuthority } from '../support/certificates.ts'
import {
  certificateOf,
  issueLeaf,
  type Leaf,
  type SeenConnection,
  startTlsBackend,
  type TlsBackend,
} from '../support/tls-backend.ts'
import { Caller, poolOf } from '../support/wire-client.ts'

const NAME = 'web.shop.svc'
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

const identity = (some: Partial<TlsIdentity> = {}): TlsIdentity => ({
  id: 'first',
  serverName: NAME,
  names: [NAME],
  verify: true,
  ca: certificateOf(authority),
  client: undefined,
  ...some,
})

function pool(connector = new TlsConnector({ clock: systemClock, onTrouble: () => {} })) {
  const made = poolOf({ connectTls: connector.connect })
  closers.push(() => made.close())
  return made
}

async function ask(port: number, tls: TlsIdentity, connections = pool(), isIdempotent = true) {
  const place = { key: `127.0.0.1:${port} ${tls.id}`, address: '127.0.0.1', port, tls }
  return await new Caller(connections, place, { isIdempotent }).over()
}

describe('an endpoint that proves its identity', () => {
  test('is asked for its name by SNI, and for HTTP/1.1', async () => {
    const { port, connections } = await backend(good)
    expect(await ask(port, identity())).toMatchObject({ body: 'behind TLS', failure: undefined })
    expect(connections).toMatchObject([{ serverName: NAME, alpn: 'http/1.1', client: undefined }])
  })

  test('may be known by another name than it is asked for', async () => {
    const { port, connections } = await backend(good)
    const tls = identity({ serverName: 'front.example.com', names: ['other.example.com', NAME] })
    expect(await ask(port, tls)).toMatchObject({ body: 'behind TLS' })
    expect(connections).toMatchObject([{ serverName: 'front.example.com' }])
  })

  test('is shown a certificate where it wants one', async () => {
    const { port, connections } = await backend(good, {
      requestCert: true,
      ca: certificateOf(authority),
    })
    const { cert: chain, key } = issueLeaf(authority, { commonName: 'gateway', authority })
    expect(await ask(port, identity({ client: { chain, key } }))).toMatchObject({ body: 'behind TLS' })
    expect(connections).toMatchObject([{ client: 'gateway' }])
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'takes its session up again (%s), for a while',
    async (version) => {
      let elapsed = 0
      const clock = { elapsed: () => elapsed }
      const { port, connections } = await backend(
        good,
        { minVersion: version, maxVersion: version },
        (_, response) => response.setHeader('Connection', 'close').end(),
      )
      const connector = new TlsConnector({ clock, onTrouble: () => {} })
      const connected = pool(connector)
      for (let i = 0; i < 3; i++) await ask(port, identity(), connected)
      elapsed = 600_000
      await ask(port, identity(), connected)
      expect(connections.map(({ isReused }) => isReused)).toEqual([false, true, true, false])
    },
  )

  test('has no session to give to another identity', async () => {
    const { port, connections } = await backend(good)
    const connected = pool()
    await ask(port, identity(), connected)
    const changed = identity({ id: 'second', ca: certificateOf(other) })
    expect((await ask(port, changed, connected)).failure).toMatchObject({ code: 'tls-certificate-error' })
    expect(connections[0]?.isReused).toBe(false)
  })
})

describe('an endpoint that does not gets no byte of a request', () => {
  const bad: readonly (readonly [string, () => Leaf, () => Partial<TlsIdentity>])[] = [
    ['is known to another authority only', () => good, () => ({ ca: certificateOf(other) })],
    ['is known to no public authority', () => good, () => ({ ca: undefined })],
    ['has signed its certificate itself', () => issueLeaf(authority, { names: [NAME] }), () => ({})],
    [
      'has a certificate that has expired',
      () => issueLeaf(authority, { names: [NAME], days: -1, authority }),
      () => ({}),
    ],
    [
      'has a longer name',
      () => issueLeaf(authority, { names: [`${NAME}.evil.test`], authority }),
      () => ({}),
    ],
    [
      'has its name in the common name only',
      () => issueLeaf(authority, { commonName: NAME, authority }),
      () => ({}),
    ],
    ['has none of the names that count', () => good, () => ({ names: ['a.example.com'] })],
    ['has a name, where none counts', () => good, () => ({ names: [] })],
  ]
  test.each(bad)('that %s', async (_, leaf, some) => {
    const { port, requests } = await backend(leaf())
    const troubles: Error[] = []
    const connector = new TlsConnector({ clock: systemClock, onTrouble: (error) => troubles.push(error) })
    const connected = pool(connector)
    const tls = identity(some())
    for (let i = 0; i < 2; i++) {
      expect((await ask(port, tls, connected)).failure).toMatchObject({
        code: 'tls-certificate-error',
        wasSent: false,
      })
    }
    expect(requests).toEqual([])
    // Once, not with every request.
    expect(troubles.map(({ message }) => message)).toEqual([
      `Cannot speak TLS with endpoint 127.0.0.1:${port} as ${NAME}`,
    ])
  })

  test('that speaks plain HTTP', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    closers.push(() => server.close())
    expect((await ask(await portOf(server), identity())).failure).toMatchObject({
      code: 'tls-protocol-error',
      wasSent: false,
    })
  })

  test('that hangs up in the handshake', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy()))
    closers.push(() => server.close())
    expect((await ask(await portOf(server), identity())).failure).toMatchObject({
      code: 'connection-lost',
      wasSent: false,
    })
  })

  test('that accepts, and says nothing, within the time of a connect', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume())
    closers.push(() => server.close())
    const connector = new TlsConnector({ clock: systemClock, onTrouble: () => {} })
    const connected = poolOf({ connectTls: connector.connect, connectTimeoutMs: 100 })
    closers.push(() => connected.close())
    expect((await ask(await portOf(server), identity(), connected)).failure).toMatchObject({
      code: 'connect-timeout',
      wasSent: false,
    })
  })

  test('that speaks no protocol of ours', async () => {
    const { port, requests } = await backend(good, { ALPNProtocols: ['h2'] })
    expect((await ask(port, identity())).failure).toMatchObject({ code: 'tls-alert-received' })
    expect(requests).toEqual([])
  })

  // Of TLS 1.3 a client hears of it after its own side of the handshake is done.
  test.each([
    ['TLSv1.2', false],
    ['TLSv1.3', true],
  ] as const)('that wants a certificate of ours which it does not get (%s)', async (version, wasSent) => {
    const { port, requests } = await backend(good, {
      requestCert: true,
      ca: certificateOf(authority),
      minVersion: version,
      maxVersion: version,
    })
    expect((await ask(port, identity())).failure).toMatchObject({ code: 'tls-alert-received', wasSent })
    expect(requests).toEqual([])
  })

  test('of an identity that cannot be used', async () => {
    const { port } = await backend(good)
    const connector = new TlsConnector({ clock: systemClock, onTrouble: () => {} })
    const { key } = issueLeaf(authority, { authority })
    for (const tls of [identity({ ca: 'no certificate' }), identity({ client: { chain: good.cert, key } })]) {
      expect(() => connector.check(tls)).toThrow()
      expect((await ask(port, tls, pool(connector))).failure).toMatchObject({ wasSent: false })
    }
  })
})

test('who need not prove anything is believed', async () => {
  const { port } = await backend(issueLeaf(authority, { names: ['elsewhere.example.com'] }))
  expect(await ask(port, identity({ verify: false }))).toMatchObject({ body: 'behind TLS' })
})

describe('an identity that is not in force any more', () => {
  test('loses its idle connections, and those under way once they are done', async () => {
    const held = Promise.withResolvers<void>()
    const { port, connections } = await backend(good, {}, async (request, response) => {
      if (request.url === '/held') await held.promise
      response.end(request.url)
    })
    const connected = pool()
    const tls = identity()
    const place = { key: `${port} first`, address: '127.0.0.1', port, tls }
    const underWay = new Caller(connected, place, { target: '/held' })
    await underWay.until(({ isSent }) => isSent)
    await new Caller(connected, place).over()
    connected.retire(() => new Set(['first']))
    await new Caller(connected, place).over()
    expect(connections).toHaveLength(2)
    connected.retire(() => new Set(['second']))
    await closed(connections[1])
    expect(connections[0]?.isClosed).toBe(false)
    held.resolve()
    expect(await underWay.over()).toMatchObject({ body: '/held', failure: undefined })
    await closed(connections[0])
  })

  test('is not asked for where nobody speaks TLS', async () => {
    const connected = pool()
    connected.retire(() => expect.fail('nobody speaks TLS'))
  })
})

const closed = (connection: SeenConnection | undefined) =>
  waitFor(
    'the connection to be closed',
    () => connection?.isClosed,
    (isClosed) => isClosed === true,
  )

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
