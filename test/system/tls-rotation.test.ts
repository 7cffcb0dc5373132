import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { type MadeAuthority, makeAuthority } from '../support/certificate-maker.ts'
import type { ServingProcess } from '../support/postern-process.ts'
import { hasRedis } from '../support/redis.ts'
import { ask, authorityRecord, requestText, sessionOf } from '../support/tls-gateway.ts'
import { connect, HOST, load, startTlsRegistry } from '../support/tls-registry.ts'

let authority: MadeAuthority
beforeAll(() => {
  authority = makeAuthority()
})

const fingerprintAt = async (gateway: ServingProcess): Promise<string> => {
  const socket = await connect(gateway)
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

describe.skipIf(!hasRedis)('under load, nothing is dropped when', () => {
  test('a certificate is renewed in the registry, again and again', async () => {
    const { publish, start, certificate } = await startTlsRegistry(authority)
    const gateway = await start()
    const kept = await connect(gateway)
    let seen = ''
    kept.setEncoding('latin1').on('data', (chunk: string) => {
      seen += chunk
    })
    const running = load(gateway)
    for (let turn = 0; turn < 3; turn++) {
      const before = await fingerprintAt(gateway)
      await publish(certificate())
      await waitFor(
        'the new one to be shown',
        () => fingerprintAt(gateway),
        (now) => now !== before,
      )
      await running.more(20)
    }
    expect(await running.end()).toEqual([])
    // The one that was there before goes on with what it has.
    kept.write(requestText(HOST, '/kept', ['Connection: close']))
    await waitFor(
      'an answer on the old connection',
      () => seen,
      (text) => text.includes('you asked for /kept'),
    )
  })

  test('the authority of clients is exchanged, by way of both', async () => {
    const { publish, start } = await startTlsRegistry(authority, {
      'postern.dev/client-ca': 'configmap/partners',
    })
    const [old, next] = [makeAuthority('old partners'), makeAuthority('new partners')]
    const trust = (...them: readonly MadeAuthority[]) =>
      publish(authorityRecord('ConfigMap/shop/partners', them.map(({ cert }) => cert).join('')))
    await trust(old)
    const gateway = await start()
    const [oldClient, newClient] = [old, next].map((one) => one.issue({ commonName: 'till' }))
    const isLetIn = async (client: ConnectionOptions | undefined): Promise<boolean> => {
      try {
        return (await ask(await connect(gateway, client), HOST)).startsWith('HTTP/1.1 200')
      } catch {
        return false
      }
    }
    const until = (client: ConnectionOptions | undefined, wanted: boolean) =>
      waitFor(
        `a client to be let in: ${wanted}`,
        () => isLetIn(client),
        (is) => is === wanted,
      )
    await until(oldClient, true)
    expect(await isLetIn(newClient)).toBe(false)

    let current = oldClient
    const running = load(gateway, () => current ?? {})
    await running.more(10)
    await trust(old, next)
    await until(newClient, true)
    await running.more(10)
    current = newClient
    await running.more(20)
    expect(await running.end()).toEqual([])

    const without = load(gateway, () => newClient ?? {})
    await trust(next)
    await until(oldClient, false)
    await without.more(10)
    expect(await without.end()).toEqual([])
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'two gateways exchange their ticket keys by a file (%s)',
    async (version) => {
      const folder = mkdtempSync(join(tmpdir(), 'postern-tickets-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const file = join(folder, 'keys')
      const [old, next] = [randomBytes(48), randomBytes(48)].map((key) => key.toString('base64'))
      const write = (...keys: readonly (string | undefined)[]) => writeFileSync(file, `${keys.join('\n')}\n`)
      write(old)
      const { start } = await startTlsRegistry(authority)
      const [one, other] = [await start('--ticket-keys', file), await start('--ticket-keys', file)]
      const versions = { minVersion: version, maxVersion: version }
      const newSession = async (gateway: ServingProcess) => await sessionOf(await connect(gateway, versions))
      const goesOn = async (gateway: ServingProcess, session: Buffer): Promise<boolean> => {
        const socket = await connect(gateway, { ...versions, session })
        const is = socket.isSessionReused()
        socket.destroy()
        return is
      }
      const running = load(one, () => versions)
      const first = await newSession(one)
      expect(await goesOn(other, first)).toBe(true)
      write(next, old)
      const makesByNext = async (gateway: ServingProcess): Promise<boolean> => {
        const session = await newSession(gateway)
        return session.includes(Buffer.from(next ?? '', 'base64').subarray(0, 16))
      }
      for (const gateway of [one, other]) {
        await waitFor('tickets by the new key', () => makesByNext(gateway), Boolean)
        expect(await goesOn(gateway, first)).toBe(true)
      }
      expect(await goesOn(other, await newSession(one))).toBe(true)
      write(next)
      for (const gateway of [one, other]) {
        await waitFor(
          'the old key to be gone',
          () => goesOn(gateway, first),
          (is) => !is,
        )
      }
      expect(await goesOn(one, await newSession(other))).toBe(true)
      expect(await running.end()).toEqual([])
    },
  )
})
