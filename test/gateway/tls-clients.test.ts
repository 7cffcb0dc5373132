import type { TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { fingerprintOf, type MadeAuthority, makeAuthority } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml, startListener, type TestGatewayOptions } from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  ask,
  authorityRecord,
  certificateRecord,
  identityOf,
  put,
  requestText,
  sessionOf,
  shake,
} from '../support/tls-gateway.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let authority: MadeAuthority
let partners: MadeAuthority
beforeAll(() => {
  authority = makeAuthority()
  partners = makeAuthority('partners')
})

const OPEN = 'open.example.com'
const GUARDED = 'guarded.example.com'
const OPTIONAL = 'optional.example.com'

/** A gateway of three hosts: one asks for certificates, one would like to have them, and one does not. */
async function start(options: TestGatewayOptions = {}) {
  const pod = await startHttp((request, response) => void response.end(JSON.stringify(request.headers)))
  closers.push(pod.close)
  const table = new Table()
  const service = (name: string, host: string, more: Readonly<Record<string, string>>) =>
    recordsOf(
      serviceYaml({
        name,
        endpoints: [pod.port],
        annotations: { 'postern.dev/host': host, 'postern.dev/tls-secret': 'all', ...more },
      }),
    )
  const ca = { 'postern.dev/client-ca': 'ConfigMap/partners' }
  put(
    table,
    ...service('open', OPEN, {}),
    ...service('guarded', GUARDED, ca),
    ...service('optional', OPTIONAL, { ...ca, 'postern.dev/client-certificates': 'optional' }),
    certificateRecord('shop/all', authority, { hosts: [GUARDED, OPEN, OPTIONAL] }),
    authorityRecord('ConfigMap/shop/partners', partners.cert),
  )
  const gateway = await startListener(() => table, { onTrouble: () => {}, tls: {}, ...options })
  closers.push(gateway.close)
  const connect = async (servername: string, more: object = {}): Promise<TLSSocket> => {
    const socket = await shake(gateway.securePort, { servername, ...more })
    closers.push(() => void socket.destroy())
    return socket
  }
  return { ...gateway, table, connect }
}

const partner = () =>
  partners.issue({ commonName: 'till "1"', hosts: ['till.example.org'], uris: ['spiffe://example.org/till'] })

const FORGED = [
  'Client-Cert: :Zm9yZ2Vk:',
  'client_cert: :Zm9yZ2Vk:',
  'Client-Cert-Chain: :Zm9yZ2Vk:',
  'X-Forwarded-Client-Cert: Hash=forged',
  'ssl-client-verify: SUCCESS',
]

describe('a host that asks for certificates', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('lets a client in that has one, by %s', async (version) => {
    const { connect } = await start()
    const made = partner()
    const socket = await connect(GUARDED, { ...made, minVersion: version, maxVersion: version })
    const text = await ask(socket, GUARDED, '/', FORGED)
    const seen: Record<string, string> = JSON.parse(
      text.slice(text.indexOf('{')).replace(/\r\n0[\s\S]*$/, ''),
    )
    expect(seen['client-cert']).toBe(`:${made.cert.replace(/-----[^-]+-----|\s/g, '')}:`)
    expect(seen['x-forwarded-client-cert']).toBe(
      `Hash=${fingerprintOf(made.cert)};Subject="CN=till \\\\\\"1\\\\\\"";DNS=till.example.org;URI=spiffe://example.org/till`,
    )
    expect(text).not.toContain('orged')
    expect(text).not.toContain('ssl-client-verify')
  })

  test.each([
    ['has none', () => ({})],
    ['has one of another authority', () => makeAuthority('others').issue({ hosts: ['till.example.org'] })],
    [
      'has one that has run out',
      () => partners.issue({ notBefore: Date.now() - 2e8, notAfter: Date.now() - 1e8 }),
    ],
  ])('refuses a client that %s', async (_, certificate) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      const { connect, observer, listener } = await start()
      const refused = connect(GUARDED, { ...certificate(), maxVersion }).then((socket) =>
        ask(socket, GUARDED),
      )
      expect(await refused.catch(() => '')).toBe('')
      await waitFor(
        'the count',
        () => listener.handshakes.failed,
        (failed) => failed['client-certificate'] === 1,
      )
      await waitFor(
        'its place',
        () => listener.connections.open,
        (open) => open === 0,
      )
      expect(observer.seen).toEqual([])
    }
  })

  test('lets one in whose authority was made by one that is asked', async () => {
    const { connect } = await start()
    const between = partners.issueAuthority('between')
    const { cert, key } = between.issue({ commonName: 'till' })
    const text = await ask(await connect(GUARDED, { cert: cert + between.cert, key }), GUARDED)
    expect(text).toContain(`"client-cert":":${cert.replace(/-----[^-]+-----|\s/g, '')}:"`)
  })

  test('cannot be reached by plain HTTP', async () => {
    const { port } = await start()
    const client = await RawClient.connect(port)
    client.write(requestText(GUARDED, '/.well-known/acme-challenge/x', [...FORGED, 'Connection: close']))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('cannot be reached by a connection that was made for another', async () => {
    const { connect } = await start()
    for (const [name, certificate] of [
      [OPEN, partner()],
      [OPTIONAL, {}],
    ] as const) {
      const text = await ask(await connect(name, certificate), GUARDED)
      expect(text).toMatch(/^HTTP\/1\.1 421 /)
    }
    // The same authority was asked, and there is a certificate.
    expect(await ask(await connect(OPTIONAL, partner()), GUARDED)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('cannot be reached by a connection that names no host', async () => {
    const own = identityOf(authority.issue({ hosts: ['own.example.net'] }))
    const { connect } = await start({ tls: { own: () => own } })
    expect(await ask(await connect('', partner()), GUARDED)).toMatch(/^HTTP\/1\.1 421 /)
    expect(await ask(await connect('', partner()), OPEN)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'cannot be reached by the session of another, by %s',
    async (version) => {
      const { connect } = await start()
      const versions = { minVersion: version, maxVersion: version }
      const session = await sessionOf(await connect(OPEN, versions))
      const resumed = connect(GUARDED, { ...versions, session })
      expect(await resumed.then((socket) => ask(socket, GUARDED)).catch(() => '')).toBe('')
    },
  )

  test('answers 503 to everyone while its authority is missing, and refuses while it cannot be read', async () => {
    const { connect, table } = await start()
    table.apply([{ kind: 'authority', key: 'ConfigMap/shop/partners', text: null }])
    expect(await ask(await connect(GUARDED, partner()), GUARDED)).toMatch(/^HTTP\/1\.1 503 /)
    put(table, authorityRecord('ConfigMap/shop/partners', 'no certificate'))
    await expect(connect(GUARDED, partner())).rejects.toThrow(/internal.error/i)
  })

  test('does not go on with a connection whose authority is no longer asked', async () => {
    const { connect, table } = await start()
    const socket = await connect(GUARDED, partner())
    put(table, authorityRecord('ConfigMap/shop/partners', makeAuthority('successors').cert))
    expect(await ask(socket, GUARDED)).toMatch(/^HTTP\/1\.1 421 /)
  })
})

describe('a host that would like certificates', () => {
  test('answers a client without one, and tells of one that it has', async () => {
    const { connect } = await start()
    const without = await ask(await connect(OPTIONAL), OPTIONAL, '/', FORGED)
    expect(without).toMatch(/^HTTP\/1\.1 200 /)
    expect(without).not.toMatch(/client.cert/i)
    expect(await ask(await connect(OPTIONAL, partner()), OPTIONAL)).toContain('"client-cert"')
  })

  test('refuses one that is not good', async () => {
    const { connect, observer } = await start()
    const other = makeAuthority('others').issue({ hosts: ['till.example.org'] })
    const refused = connect(OPTIONAL, other).then((socket) => ask(socket, OPTIONAL))
    expect(await refused.catch(() => '')).toBe('')
    expect(observer.seen).toEqual([])
  })
})

test('a host that does not ask gets no certificate, however the connection was made', async () => {
  const { connect } = await start()
  const text = await ask(await connect(OPTIONAL, partner()), OPEN)
  expect(text).toMatch(/^HTTP\/1\.1 200 /)
  expect(text).not.toMatch(/client.cert/i)
})

test('a connection is not used for a host that has another certificate', async () => {
  const { connect, table } = await start()
  const other = serviceYaml({
    name: 'other',
    endpoints: [1],
    annotations: { 'postern.dev/host': 'other.example.com', 'postern.dev/tls-secret': 'other' },
  })
  put(
    table,
    ...recordsOf(other),
    certificateRecord('shop/other', authority, { hosts: ['other.example.com'] }),
  )
  expect(await ask(await connect(OPEN), 'other.example.com')).toMatch(/^HTTP\/1\.1 421 /)
})
