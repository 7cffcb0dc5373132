import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, expect, test } from 'vitest'
import { ClusterWatch } from '../../../src/agent/cluster/cluster-watch.ts'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import { Compilation, type ObjectChange, type RecordChange } from '../../../src/compile/compilation.ts'
import { systemClock, systemRandom, systemTimers } from '../../../src/model/clock.node.ts'
import { waitFor } from '../../cluster/wait-for.ts'
import { compileOptions } from '../../support/compile.ts'
import { BenchCluster } from './cluster.ts'
import { feedKubeconfig } from './kubeconfig.ts'
import { endpointsPerService } from './layout.ts'
import { WatchFeed } from './watch-feed.ts'

/** More Pods than one page holds. */
const services = 60
/** Of one more: three slices, the last one not full. */
const large = 250

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** The agent's own watch and compiler behind a feed. */
async function startFollower() {
  const cluster = new BenchCluster(services, { large })
  const feed = await WatchFeed.start(cluster)
  closers.push(() => feed.close())
  const config = new KubeConfig()
  config.loadFromString(feedKubeconfig(feed.url))
  const compilation = new Compilation(compileOptions)
  const seen: ObjectChange[] = []
  const records: RecordChange[] = []
  const troubles: Error[] = []
  const watch = new ClusterWatch({
    api: new KubeApi(config),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    onChanges: async (changes) => {
      seen.push(...changes)
      records.push(...compilation.apply(changes))
    },
    onTrouble: (error) => troubles.push(error),
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  closers.push(async () => {
    stop.abort()
    await running
  })
  await waitFor(
    'every kind to be watched',
    () => feed.watches,
    (watches) => watches === 6,
  )
  await waitFor(
    'the first records',
    () => records.length,
    (count) => count > 0,
  )
  return { cluster, feed, seen, records, troubles }
}

function addressesOf(change: RecordChange | undefined): string[] | undefined {
  return change?.kind === 'endpoints' ? change.value?.endpoints.map(({ address }) => address) : undefined
}

test('the feed is listed whole, and all it tells is accepted', async () => {
  const { cluster, seen, records, troubles } = await startFollower()
  const objects = ['Service', 'EndpointSlice', 'Pod', 'Node', 'Namespace', 'NetworkPolicy']
  expect(seen).toHaveLength(objects.reduce((sum, kind) => sum + cluster.sizeOf(kind), 0))
  expect(records.filter(({ kind, value }) => kind === 'problem' && value !== null)).toEqual([])
  expect(records.filter(({ kind }) => kind === 'route')).toHaveLength(services + 1)
  const slices = records.filter(({ kind }) => kind === 'endpoints')
  expect(slices.map((slice) => addressesOf(slice)?.length)).toEqual([
    ...new Array<number>(services).fill(endpointsPerService),
    100,
    100,
    50,
  ])
  expect(troubles).toEqual([])
})

test.each([
  { service: 7, owner: 'ns-0/svc-7/', size: endpointsPerService },
  { service: services, owner: `ns-1/svc-${services}/`, size: 100 },
])(
  'an endpoint of $owner that is replaced touches one record, in which the new address stands for the old one',
  async ({ service, owner, size }) => {
    const { cluster, feed, records } = await startFollower()
    const [before] = records.filter(({ kind, key }) => kind === 'endpoints' && key.startsWith(owner))
    records.length = 0
    const { address, ...replacement } = cluster.replaceEndpoint(service)
    for (const step of ['addPod', 'changeSlice', 'removePod'] as const) feed.emit(replacement[step]())
    const holds = () => JSON.stringify(records).includes(`"${address}"`)
    await waitFor('the new address', holds, Boolean)
    const endpoints = records.filter(({ kind }) => kind === 'endpoints')
    expect(new Set(endpoints.map(({ key }) => key))).toEqual(new Set([before?.key]))
    const after = endpoints.at(-1)
    expect(addressesOf(before)?.filter((one) => !addressesOf(after)?.includes(one))).toHaveLength(1)
    expect(addressesOf(after)).toHaveLength(size)
  },
)

test('when its history has expired the feed is listed again, and nothing has changed', async () => {
  const { feed, seen, troubles } = await startFollower()
  const lists = feed.lists
  const before = seen.length
  feed.expire()
  await waitFor(
    'every kind to be listed and watched again',
    () => [feed.lists - lists, feed.watches],
    ([listed, watches]) => listed === 6 && watches === 6,
  )
  expect(seen).toHaveLength(before)
  // That a watch ended so soon is told, and nothing else.
  for (const { message } of troubles)
    expect(message).toMatch(/^Cannot watch .* (at once|too old resource version)$/)
})
