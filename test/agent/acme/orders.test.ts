import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openAccount } from '../../../src/agent/acme/account.ts'
import { openAuthority } from '../../../src/agent/acme/authority.ts'
import { CertificateKeeper } from '../../../src/agent/acme/keeper.ts'
import { type Challenge, fulfilOrder } from '../../../src/agent/acme/order.ts'
import { Table } from '../../../src/gateway/table.ts'
import { systemClock } from '../../../src/model/clock.node.ts'
import { waitFor } from '../../cluster/wait-for.ts'
import { hurried, recordsOf, serviceYaml, startListener, type TestGateway } from '../../support/gateway.ts'
import { hasNameServer, type NameServer, startNameServer } from '../../support/name-server.ts'
import { MemorySecrets } from './memory-secrets.ts'
import { type Pebble, startPebble } from './pebble-server.ts'

const program = process.env.POSTERN_PEBBLE
const HOST = 'web.shop.example.test'
const SECRET = { namespace: 'shop', name: 'web-tls' }
const SERVICE = 'shop/web'

describe.skipIf(program === undefined || !hasNameServer)('orders at Pebble', () => {
  let names: NameServer
  let authority: Pebble
  let gateway: Omit<TestGateway, 'use'>
  const table = new Table()
  let told: readonly Challenge[] = []
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    table.apply(
      recordsOf(serviceYaml({ annotations: { 'postern.dev/allow-cidrs': '192.0.2.0/24' }, endpoints: [1] })),
    )
    gateway = await startListener(() => table)
    names = await startNameServer()
    names.answer({ [HOST]: ['127.0.0.1'], 'blocked.example.test': ['127.0.0.1'] })
    authority = await startPebble(program ?? '', gateway.port, names.address)
  }, 60_000)
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })
  afterAll(async () => {
    authority?.stop()
    names?.stop()
    await gateway?.close()
  })

  async function answer(challenges: readonly Challenge[]): Promise<void> {
    const key = ({ host, token }: Challenge) => `${host}/${token}`
    const gone = told.map((each) => ({ kind: 'challenge', key: key(each), text: null }))
    told = challenges
    const now = challenges.map((each) => ({
      kind: 'challenge',
      key: key(each),
      text: JSON.stringify({ keyAuthorization: each.keyAuthorization }),
    }))
    expect(table.apply([...gone, ...now])).toEqual([])
  }

  /** An agent that leads, over what the one before kept. */
  function startKeeper(
    secrets: MemorySecrets,
    hosts: readonly string[],
    onChallenges = answer,
    now = systemClock.now,
  ) {
    const troubles: string[] = []
    const term = new AbortController()
    const keeper = new CertificateKeeper({
      secrets,
      clock: { ...systemClock, now },
      timers: hurried,
      random: () => 0.5,
      onChallenges,
      onTrouble: (_service, error) => {
        if (error !== undefined) troubles.push(error.message)
      },
      fulfil: async (secret, wanted, publish, signal) => {
        const { directory, ca } = authority
        const opened = await openAuthority({ directory, ca, clock: systemClock })
        const account = { secret: { namespace: 'postern', name: 'acme' }, email: undefined }
        const client = await openAccount(opened, secrets, account, signal)
        const parts = { authority: opened, client, secrets, timers: hurried, settleMs: 100, answer: publish }
        return await fulfilOrder(parts, secret, wanted, signal)
      },
    })
    keeper.want(SERVICE, { secret: SECRET, hosts })
    const running = keeper.run(term.signal)
    const stop = async () => {
      term.abort()
      await running
    }
    stops.push(stop)
    return { troubles, stop }
  }

  const entry = (secrets: MemorySecrets, name: string) =>
    secrets.held.get('shop/web-tls')?.entries[name] ?? ''
  const issued = (secrets: MemorySecrets) =>
    waitFor(
      'a certificate',
      () => entry(secrets, 'tls.crt'),
      (text) => text !== '',
    )

  test('a host that admits nobody has a certificate, whose key belongs to it', async () => {
    const secrets = new MemorySecrets()
    startKeeper(secrets, [HOST])
    const leaf = new X509Certificate(await issued(secrets))
    expect(leaf.subjectAltName).toBe(`DNS:${HOST}`)
    expect(leaf.checkPrivateKey(createPrivateKey(entry(secrets, 'tls.key')))).toBe(true)
    expect(entry(secrets, 'postern.acme')).toBe('')
    expect(told).toEqual([])
  })

  test('an order goes on where the agent before was killed, with its account and its key', async () => {
    const secrets = new MemorySecrets()
    let asked = 0
    // Killed when the challenges are to be published: nothing after that is done.
    const killed = startKeeper(secrets, [HOST], () => {
      asked++
      return new Promise(() => {})
    })
    await waitFor(
      'the challenges',
      () => asked,
      (count) => count === 1,
    )
    const { order, key } = JSON.parse(entry(secrets, 'postern.acme'))
    const account = secrets.held.get('postern/acme')
    stops.splice(stops.indexOf(killed.stop), 1)
    startKeeper(secrets, [HOST], async (challenges) => {
      if (challenges.length > 0)
        expect(JSON.parse(entry(secrets, 'postern.acme'))).toMatchObject({ order, key })
      await answer(challenges)
    })
    await issued(secrets)
    expect(entry(secrets, 'tls.key')).toBe(key)
    expect(secrets.held.get('postern/acme')).toEqual(account)
  })

  test('a certificate is had anew after two thirds of its life, and served until then', async () => {
    const secrets = new MemorySecrets()
    const first = startKeeper(secrets, [HOST])
    const before = await issued(secrets)
    await first.stop()
    const days = 86_400_000
    startKeeper(secrets, [HOST], answer, () => Date.now() + 61 * days)
    const after = await waitFor(
      'another',
      () => entry(secrets, 'tls.crt'),
      (text) => text !== before,
    )
    expect(new X509Certificate(after).serialNumber).not.toBe(new X509Certificate(before).serialNumber)
  })

  test('at another directory the key is registered anew', async () => {
    const secrets = new MemorySecrets()
    const there = {
      'account.url': 'https://other.example/acct/1',
      'account.directory': 'https://other.example/dir',
    }
    await secrets.write({ namespace: 'postern', name: 'acme' }, 'Opaque', undefined, there)
    startKeeper(secrets, [HOST])
    await issued(secrets)
    expect(secrets.held.get('postern/acme')?.entries).toMatchObject({
      'account.directory': authority.directory,
    })
  })

  test('an order of another directory is none here: another is made', async () => {
    const secrets = new MemorySecrets()
    const theirs = { directory: 'https://other.example/dir', order: 'https://other.example/order/1' }
    const pending = JSON.stringify({ ...theirs, hosts: [HOST], key: 'not a key' })
    const empty = { 'tls.crt': '', 'tls.key': '' }
    await secrets.write(SECRET, 'kubernetes.io/tls', undefined, { ...empty, 'postern.acme': pending })
    const { troubles } = startKeeper(secrets, [HOST])
    await issued(secrets)
    expect(troubles).toEqual([])
  })

  test('what the authority refuses is told with its words, and the order is given up', async () => {
    const secrets = new MemorySecrets()
    const { troubles } = startKeeper(secrets, ['blocked.example.test'])
    await waitFor(
      'the refusal',
      () => troubles,
      ({ length }) => length > 0,
    )
    expect(troubles[0]).toMatch(/the authority says: .*rejectedIdentifier/)
  })

  test('a host that does not lead to a gateway is named, with what the authority saw', async () => {
    const secrets = new MemorySecrets()
    const { troubles } = startKeeper(secrets, ['nowhere.example.test'])
    await waitFor(
      'the refusal',
      () => troubles,
      ({ length }) => length > 0,
    )
    expect(troubles[0]).toMatch(/^Cannot prove nowhere\.example\.test: the authority says: ./)
    expect(entry(secrets, 'postern.acme')).toBe('')
  })

  test('a Secret that somebody else made is never written', async () => {
    const secrets = new MemorySecrets()
    const theirs = { resourceVersion: '7', isManaged: false, entries: { 'tls.crt': '', 'tls.key': '' } }
    secrets.held.set('shop/web-tls', theirs)
    const { troubles } = startKeeper(secrets, [HOST])
    await waitFor(
      'the trouble',
      () => troubles,
      ({ length }) => length > 0,
    )
    expect(troubles[0]).toMatch(/somebody else made it/)
    expect(secrets.held.get('shop/web-tls')).toBe(theirs)
  })
})
