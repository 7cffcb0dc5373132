import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.ts'
import { send, sendRaw, startHttp, type TestServer } from '../support/http.ts'
import { type Published, publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'
import { bothYaml, type RelayReader, type StartReader } from './hostile-relay.ts'

const ADDRESSES = ['192.0.2.1', '192.0.2.1:8080', '[2001:db8::1]', '[2001:db8::1]:443']

/** None that a client may ask for. */
const HOSTS = [
  ['of 10 KB', 'a'.repeat(10_240)],
  ['of 10 KB in labels', `${'a.'.repeat(5_120)}test`],
  ['of 254 characters', `${'a.'.repeat(126)}ab`],
  ['with a label of 64 characters', `${'a'.repeat(64)}.example.test`],
  ['of nothing', ''],
  ['of a dot', '.'],
  ['of dots', '..'],
  ['with an empty label', 'web..example.test'],
  ['that is a pattern', '*.shop.example.test'],
  ['with a way up', '../v1/registry'],
  ['with a percent-encoded slash', 'web%2f..%2fregistry'],
  ['with a user', 'user@web.shop.example.test'],
  ['with a port of 6 digits', 'web.shop.example.test:123456'],
  ['with a port of letters', 'web.shop.example.test:http'],
  ['with a space', 'web.shop.example.test x'],
  ['with a NUL', 'web\0.shop.example.test'],
  ['that is not ASCII', 'wéb.shop.example.test'],
  ['of an unclosed bracket', '[::1'],
] as const

/** What clients get for hostnames that nobody can have, wherever the gateway reads from. */
export function hostileHostsContract(name: string, start: StartReader): void {
  describe(`${name} that is asked for a host`, () => {
    let pod: TestServer
    let published: Published
    let relay: HostileRelay
    let gateway: RelayReader
    beforeAll(async () => {
      pod = await startHttp((_request, response) => void response.end('well'))
      published = await publishBehindRelay(bothYaml(pod, pod))
      relay = await startHostileRelay(published.relay.port)
      gateway = await start({ url: relay.url, token: TOKEN })
      await waitFor(
        'an answer',
        () => send(gateway),
        ({ status }) => status === 200,
      )
    })
    afterAll(async () => {
      await gateway.close()
      await relay.close()
      await published.close()
      await pod.close()
    })

    const expectWell = async (): Promise<void> => {
      expect(await send(gateway)).toMatchObject({ status: 200, body: 'well' })
      expect(gateway.said()).not.toMatch(/Cannot/)
    }

    test.each(ADDRESSES)(
      'that is the address %s knows none, asks nobody for it, and serves on',
      async (host) => {
        const asked = relay.asked.length
        expect((await send({ ...gateway, host })).status).toBe(404)
        expect(relay.asked.slice(asked)).toEqual([])
        await expectWell()
      },
    )

    test.each(HOSTS)('%s refuses it, asks nobody for it, and serves on', async (_what, host) => {
      const asked = relay.asked.length
      const answer = await sendRaw(
        gateway.port,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer.length).toBeLessThan(1_000)
      expect(relay.asked.slice(asked)).toEqual([])
      await expectWell()
    })
  })
}
