import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.ts'
import { hostilities } from '../support/hostilities.ts'
import { send, startHttp, type TestResponse, type TestServer } from '../support/http.ts'
import { resend } from '../support/meddling.ts'
import { type Published, publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'

/** A gateway that reads from a relay. */
export interface RelayReader {
  readonly port: number
  /** All that its operator was told. */
  said(): string
  close(): Promise<void>
}

export interface RelayReaderOptions {
  readonly url: string
  /** Undefined: none is sent. */
  readonly token: string | undefined
}

export type StartReader = (options: RelayReaderOptions) => Promise<RelayReader>

/** What is answered of a host of which nothing could be read. */
export const NOTHING_HELD = {
  status: 503,
  headers: { 'proxy-status': 'postern; error=destination_unavailable' },
  body: 'postern: destination_unavailable\n',
}
export const OTHER_HOST = 'other.shop.example.test'

/** Two Services, `web` and `other`. */
export const bothYaml = (web: TestServer, other: TestServer): string =>
  [
    serviceYaml({ name: 'web', endpoints: [web.port] }),
    serviceYaml({ name: 'other', endpoints: [other.port] }),
  ].join('\n---\n')

/** What every gateway that reads from a relay does with answers that no honest relay gives. */
export function hostileRelayContract(name: string, start: StartReader): void {
  describe(`${name}, reading from a relay that`, () => {
    const closers: (() => unknown)[] = []
    let old: TestServer
    let moved: TestServer
    let other: TestServer
    let published: Published
    let relay: HostileRelay
    beforeAll(async () => {
      old = await startHttp((_request, response) => void response.end('old'))
      moved = await startHttp((_request, response) => void response.end('moved'))
      other = await startHttp((_request, response) => void response.end('other'))
    })
    afterAll(async () => {
      for (const pod of [old, moved, other]) await pod.close()
    })
    beforeEach(async () => {
      published = await publishBehindRelay(bothYaml(old, other))
      relay = await startHostileRelay(published.relay.port)
      closers.push(published.close, relay.close)
    })
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close()
    })

    const read = async (token: string | undefined = TOKEN): Promise<RelayReader> => {
      const gateway = await start({ url: relay.url, token })
      closers.push(() => gateway.close())
      return gateway
    }
    const untilAnswered = (gateway: RelayReader, body: string): Promise<TestResponse> =>
      waitFor(
        `the answer "${body}"`,
        () => send(gateway),
        (answer) => answer.status === 200 && answer.body === body,
      )
    /** Until the relay has been asked again, and what it answered has been dealt with. */
    const untilAskedAgain = (each: () => Promise<void>): Promise<unknown> =>
      waitFor(
        'the relay to be asked again',
        async () => {
          await each()
          return relay.asked.filter((path) => !path.startsWith('/v1/changes'))
        },
        (asked) => asked.length > 2,
      )
    const expectBodies = async (gateway: RelayReader, web: string): Promise<void> => {
      expect(await send(gateway)).toMatchObject({ status: 200, body: web })
      expect(await send({ ...gateway, host: OTHER_HOST })).toMatchObject({ status: 200, body: 'other' })
    }

    test.each(hostilities)('$name: says so, serves what it holds, and recovers', async ({ meddle, said }) => {
      relay.turn(meddle)
      const gateway = await read()
      expect(await send(gateway)).toMatchObject(NOTHING_HELD)
      await waitFor('the reason', gateway.said, (text) => said.test(text))

      relay.relent()
      await untilAnswered(gateway, 'old')
      await expectBodies(gateway, 'old')
      relay.turn(meddle)
      await published.publish(bothYaml(moved, other))
      await untilAskedAgain(() => expectBodies(gateway, 'old'))
      expect(relay.asked.filter((path) => !path.startsWith('/v1/'))).toEqual([])

      relay.relent()
      await untilAnswered(gateway, 'moved')
      await expectBodies(gateway, 'moved')
      expect(gateway.said()).toMatch(/Cannot (read|use|load) /)
      expect(gateway.said()).not.toContain(TOKEN.slice(0, 8))
    })

    test('shows an older state: says so, and keeps the newer one', async () => {
      const paths = ['/v1/registry', '/v1/hosts/web.shop.example.test', `/v1/hosts/${OTHER_HOST}`]
      const remembered = await Promise.all(paths.map((path) => relay.ask(path)))
      await published.publish(bothYaml(moved, other))
      const gateway = await read()
      await untilAnswered(gateway, 'moved')
      await expectBodies(gateway, 'moved')
      relay.turn((honest, outgoing) =>
        resend(remembered.find(({ path }) => path === honest.path) ?? honest, outgoing),
      )
      await untilAskedAgain(() => expectBodies(gateway, 'moved'))
      await waitFor('the reason', gateway.said, (text) =>
        /1-1 is older than 1-2, which is (held|served)/.test(text),
      )
      relay.relent()
      await published.publish(bothYaml(old, other))
      await untilAnswered(gateway, 'old')
    })

    test('has a record of an unknown schema: closes what it is about, and nothing else', async () => {
      const gateway = await read()
      await published.publish(bothYaml(old, other), (record) =>
        record.kind === 'route' && record.key.startsWith('web.')
          ? { ...record, text: record.text.replace('{', '{"admits":"nobody",') }
          : record,
      )
      const ask = async (): Promise<string> => {
        await send(gateway)
        return gateway.said()
      }
      await waitFor('the reason', ask, (text) =>
        /Cannot read record: route web\.shop\.example\.test, field admits: /.test(text),
      )
      expect((await send(gateway)).status).toBe(503)
      expect(await send({ ...gateway, host: OTHER_HOST })).toMatchObject({ status: 200, body: 'other' })
      await published.publish(bothYaml(moved, other))
      await untilAnswered(gateway, 'moved')
    })

    test.each([
      ['wants another token', 'another-token-0123456789', 'the token is wrong'],
      ['wants a token where none is given', undefined, 'it asks for a token'],
    ])('%s: says so, and not which', async (_name, token, what) => {
      const gateway = await start({ url: relay.url, token })
      closers.push(() => gateway.close())
      expect(await send(gateway)).toMatchObject(NOTHING_HELD)
      await waitFor('the reason', gateway.said, (text) => text.includes(`: status 401: ${what}`))
      if (token !== undefined) expect(gateway.said()).not.toContain(token)
    })
  })
}
