import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import type { Bid } from '../../src/agent/leader/election.ts'
import { kubeLeases } from '../../src/agent/leader/kube-leases.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig } from './postern.ts'
import { waitFor } from './wait-for.ts'

const NAME = { namespace: 'postern', name: 'postern-agent' }
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...NAME }

const never = new AbortController().signal

onCluster('a Lease on a real API server', (cluster) => {
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    kubeconfig = await agentKubeconfig(cluster())
  })
  afterEach(() => cluster().objects.delete(LEASE))
  afterAll(() => kubeconfig.remove())

  const leases = (name = NAME) => {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig.file)
    return kubeLeases(new KubeApi(config), name, () => 0)
  }
  const bid: Bid = {
    ...{ over: undefined, holder: 'one', changesHolder: true, durationMs: 10_000, transitions: 0 },
    ...{ epoch: 100, takesEpochs: true },
  }

  test('is created once, and changed only by who knows its last version', async () => {
    const { read, write } = leases()
    expect((await read(never)).lease).toBeUndefined()
    const first = await write(bid, Date.now(), never)
    if (first === 'refused') throw new Error('It was refused')
    expect(first).toMatchObject({ holder: 'one', durationMs: 10_000, transitions: 0, epoch: 100 })
    expect((await read(never)).lease).toEqual(first)
    expect(await write({ ...bid, holder: 'two' }, Date.now(), never)).toBe('refused')
    await cluster().objects.patch(LEASE, { metadata: { labels: { team: 'blue' } } })
    const late = { ...bid, over: first.version, holder: 'two' }
    expect(await write(late, Date.now(), never)).toBe('refused')
    const { lease: now } = await read(never)
    expect(await write({ ...late, over: now?.version }, Date.now(), never)).toMatchObject({ holder: 'two' })
    // What others wrote on it stays.
    expect(await cluster().objects.get(LEASE)).toMatchObject({ metadata: { labels: { team: 'blue' } } })
  })

  test('that is gone refuses a change; a namespace that is not there is an error', async () => {
    const { write } = leases()
    const first = await write(bid, Date.now(), never)
    if (first === 'refused') throw new Error('It was refused')
    await cluster().objects.delete(LEASE)
    expect(await write({ ...bid, over: first.version }, Date.now(), never)).toBe('refused')
    const elsewhere = leases({ ...NAME, namespace: 'nowhere' })
    await expect(elsewhere.write(bid, Date.now(), never)).rejects.toThrow(
      /^Cannot create in .*\/nowhere\/leases at .*: 40[34]: /,
    )
  })

  test('is watched: each change is told, and that it is gone', async () => {
    const { read, write, watch } = leases()
    const { version } = await read(never)
    const heard: string[] = []
    const end = new AbortController()
    const watching = watch(version, end.signal, (lease) => void heard.push(lease?.holder ?? 'gone'))
    await write(bid, Date.now(), never)
    await cluster().objects.delete(LEASE)
    await waitFor(
      'both to be told',
      () => heard,
      (names) => names.length >= 2,
    )
    expect(heard).toEqual(['one', 'gone'])
    end.abort()
    await expect(watching).rejects.toThrow()
  })
})
