import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { application, ManifestFolder, type PodFacts } from '../support/shop.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'

const WEB = 'web.shop.apps.test'
const API = 'api.shop.apps.test'
const web = (n: number): PodFacts => ({ name: `web-${n}`, address: `10.244.1.${n}` })
const api = (n: number): PodFacts => ({ name: `api-${n}`, address: `10.244.2.${n}` })
/** web-1 answers for web.shop.apps.test, and for the other name that web gets. */
const isOwn = (pod: string, host: string): boolean =>
  pod.startsWith(host === 'shop.example.com' ? 'web-' : `${host.split('.', 1)}-`)
const leaving = (pod: PodFacts): PodFacts => ({ ...pod, isTerminating: true })

describe.skipIf(!hasPodNetwork)('what stands in the files is followed, and no request fails', () => {
  const pods = new PodServers(isOwn)
  const closers: (() => unknown)[] = []
  let folder: ManifestFolder
  let postern: ServingProcess
  let load: SteadyLoad
  let slowestMs = 0

  const start = (...some: readonly PodFacts[]) =>
    Promise.all(some.map(({ name, address }) => pods.start(name, address, 8080)))
  const end = (...some: readonly PodFacts[]) =>
    Promise.all(some.map(({ address }) => pods.end(address, 8080)))

  beforeAll(async () => {
    closers.push(() => pods.close())
    folder = new ManifestFolder()
    closers.push(() => folder.remove())
    await start(web(1), web(2), api(1), api(2))
    folder.replace('web.yaml', application('web', [web(1), web(2)]))
    folder.replace('api.yaml', application('api', [api(1), api(2)]))
    postern = await startServing(['up', '--manifests', folder.path, '--domain', 'apps.test'])
    closers.push(() => postern.stop())
    load = new SteadyLoad(() => postern.port, [WEB, API])
    closers.push(() => load.stop())
  })
  afterEach(() => expect(load.failures).toEqual([]))
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    console.log(`The slowest change in the files was followed after ${Math.ceil(slowestMs)} ms`)
    expect(load.answered).toBeGreaterThan(100)
    expect(postern.child.exitCode).toBe(0)
  })

  /** Makes a change, and asks until it shows. */
  async function follows(change: () => void, shows: () => Promise<boolean>): Promise<void> {
    const startedAt = performance.now()
    change()
    await waitFor('the change to show', shows, (isShown) => isShown, { everyMs: 1 })
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
  }

  const podOf = async (host: string, path = '/'): Promise<string> =>
    JSON.parse((await ask(postern.port, host, path)).body).pod
  const statusOf = async (host: string, path = '/') => (await ask(postern.port, host, path)).status

  /** Which Pods answer, asked often enough to meet each. */
  async function podsOf(host: string): Promise<string> {
    const answers = await Promise.all(Array.from({ length: 30 }, () => podOf(host)))
    return [...new Set(answers)].sort().join(' ')
  }
  const answerIs = (host: string, expected: string) => async () => (await podsOf(host)) === expected

  test('a new hostname', async () => {
    const hosts = { 'postern.dev/host': `${WEB},shop.example.com` }
    await follows(
      () => folder.replace('web.yaml', application('web', [web(1), web(2)], hosts)),
      async () => (await statusOf('shop.example.com')) === 200,
    )
    await follows(
      () => folder.overwrite('web.yaml', application('web', [web(1), web(2)])),
      async () => (await statusOf('shop.example.com')) === 404,
    )
  })

  test('another path', async () => {
    const extra = { name: 'extra-1', address: '10.244.4.1' }
    await start(extra)
    const at = (path: string) => application('extra', [extra], { 'postern.dev/path': path })
    const host = 'extra.shop.apps.test'
    await follows(
      () => folder.replace('extra.yaml', at('/old')),
      async () => (await statusOf(host, '/old/x')) === 200,
    )
    await follows(
      () => folder.replace('extra.yaml', at('/new')),
      async () => (await statusOf(host, '/new/x')) === 200 && (await statusOf(host, '/old/x')) === 404,
    )
  })

  test('scaling up', async () => {
    await start(web(3), web(4))
    await follows(
      () => folder.replace('web.yaml', application('web', [web(1), web(2), web(3), web(4)])),
      answerIs(WEB, 'web-1 web-2 web-3 web-4'),
    )
  })

  test('scaling down: a Pod that leaves gets nothing new, ends what it has, and goes', async () => {
    await follows(
      () =>
        folder.replace('web.yaml', application('web', [web(1), web(2), leaving(web(3)), leaving(web(4))])),
      answerIs(WEB, 'web-1 web-2'),
    )
    await end(web(3), web(4))
    folder.replace('web.yaml', application('web', [web(1), web(2)]))
    expect(await podsOf(WEB)).toBe('web-1 web-2')
  })

  test('a rolling update of one replica after the other', async () => {
    const next = [api(11), api(12)]
    await start(...next)
    const [first = api(11), second = api(12)] = next
    await follows(
      () => folder.replace('api.yaml', application('api', [api(2), leaving(api(1)), first])),
      answerIs(API, 'api-11 api-2'),
    )
    await end(api(1))
    await follows(
      () => folder.replace('api.yaml', application('api', [leaving(api(2)), first, second])),
      answerIs(API, 'api-11 api-12'),
    )
    await end(api(2))
    folder.replace('api.yaml', application('api', next))
    expect(await podsOf(API)).toBe('api-11 api-12')
  })

  test('a new Service, and its deletion', async () => {
    await start({ name: 'late-1', address: '10.244.3.1' })
    const host = 'late.shop.apps.test'
    await follows(
      () => folder.replace('late.yaml', application('late', [{ name: 'late-1', address: '10.244.3.1' }])),
      async () => (await statusOf(host)) === 200,
    )
    await follows(
      () => folder.delete('late.yaml'),
      async () => (await statusOf(host)) === 404,
    )
  })
})
