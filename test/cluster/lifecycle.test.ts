import { Agent, request } from 'undici'
import { expect, test } from 'vitest'
import { deploy, waitForReady } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { readPods, readSlices } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

interface Answer {
  readonly status: number
  readonly connection: string | string[] | undefined
}

/** Over a new connection, so that no pool hides what the Pod does. */
async function ask(address: string, path = '/'): Promise<Answer> {
  const dispatcher = new Agent()
  try {
    const { statusCode, headers, body } = await request(`http://${address}:8080${path}`, { dispatcher })
    await body.dump()
    return { status: statusCode, connection: headers.connection }
  } finally {
    await dispatcher.destroy()
  }
}

async function codeOfFailure(address: string, path?: string): Promise<unknown> {
  return await ask(address, path).then(
    () => 'answered',
    (error) => error.code,
  )
}

onCluster('a Pod of the test cluster', (cluster) => {
  const scale = (namespace: string, replicas: number): Promise<void> =>
    cluster().objects.scale({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace }, replicas)

  test('a deleted Pod serves on until its preStop sleep is over, and finishes what it began', async () => {
    const yaml = workloadYaml({ replicas: 1, preStopSeconds: 2 })
    const [address = ''] = await deploy(cluster(), yaml, { namespace: 'draining', count: 1 })
    expect(await ask(address)).toEqual({ status: 200, connection: 'keep-alive' })
    const slow = ask(address, '/?delay-ms=5000')
    slow.catch(() => {})
    await scale('draining', 0)
    const slices = await waitFor(
      'the endpoint to be terminating',
      () => readSlices(cluster(), 'draining', 'web'),
      (slices) => slices.some(({ endpoints }) => endpoints?.[0]?.conditions.terminating === true),
    )
    expect(slices[0]?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true })
    expect(await ask(address)).toEqual({ status: 200, connection: 'close' })
    await waitFor(
      'the Pod to accept no more',
      () => codeOfFailure(address),
      (code) => code === 'ECONNREFUSED',
    )
    expect(await readPods(cluster(), 'draining')).toMatchObject([{ isTerminating: true, isReady: false }])
    expect(await slow).toEqual({ status: 200, connection: 'close' })
    await waitFor(
      'the Pod to be gone',
      () => readPods(cluster(), 'draining'),
      (pods) => pods.length === 0,
    )
  })

  test('a Pod that does not finish within its grace is cut off', async () => {
    const yaml = workloadYaml({ replicas: 1, graceSeconds: 1 })
    const [address = ''] = await deploy(cluster(), yaml, { namespace: 'graceless', count: 1 })
    const slow = codeOfFailure(address, '/?delay-ms=20000')
    await ask(address)
    await scale('graceless', 0)
    expect(await slow).toBe('UND_ERR_SOCKET')
  })

  test('a Pod that is deleted by force drops its connections at once, in its preStop sleep too', async () => {
    const yaml = workloadYaml({ preStopSeconds: 20 })
    const [address = ''] = await deploy(cluster(), yaml, { namespace: 'forced', count: 1 })
    const [pod] = await readPods(cluster(), 'forced')
    const slow = codeOfFailure(address, '/?delay-ms=15000')
    const name = { apiVersion: 'v1', kind: 'Pod', namespace: 'forced', name: pod?.name ?? '' }
    await cluster().objects.delete(name)
    await waitFor(
      'the Pod to be draining',
      () => ask(address),
      ({ connection }) => connection === 'close',
    )
    await cluster().objects.delete(name, { gracePeriodSeconds: 0 })
    expect(await slow).toBe('UND_ERR_SOCKET')
    await waitFor(
      'another ready Pod',
      () => readPods(cluster(), 'forced'),
      (pods) => pods.length === 1 && pods[0]?.isReady === true && pods[0].uid !== pod?.uid,
    )
  })

  test('a Pod that crashes refuses connections, and becomes unready', async () => {
    const [address = ''] = await deploy(cluster(), workloadYaml(), { namespace: 'crashed', count: 1 })
    const [pod] = await readPods(cluster(), 'crashed')
    cluster().nodes.crash('crashed', pod?.name ?? '')
    await waitFor(
      'the Pod to refuse connections',
      () => codeOfFailure(address),
      (code) => code === 'ECONNREFUSED',
    )
    await waitForReady(cluster(), { namespace: 'crashed', count: 0 })
  })

  test('a hundred Pods become ready', async () => {
    await deploy(cluster(), workloadYaml({ replicas: 100 }), { namespace: 'crowd', count: 100 })
    const addresses = (await readPods(cluster(), 'crowd')).map((pod) => pod.address)
    expect(new Set(addresses).size).toBe(100)
  })

  test('Pods outlive the API server, and what changes after its restart is followed', async () => {
    const [address = ''] = await deploy(cluster(), workloadYaml(), { namespace: 'outage', count: 1 })
    await cluster().plane.kill('kube-apiserver')
    await expect(cluster().api.get('/api/v1/namespaces')).rejects.toThrow()
    expect((await ask(address)).status).toBe(200)
    await cluster().plane.restart('kube-apiserver')
    await scale('outage', 3)
    expect(await waitForReady(cluster(), { namespace: 'outage', count: 3 })).toContain(address)
  })

  test('etcd and the controllers are restarted and go on', async () => {
    const [address = ''] = await deploy(cluster(), workloadYaml(), { namespace: 'restarts', count: 1 })
    await cluster().plane.restart('etcd')
    await cluster().plane.restart('kube-controller-manager')
    await waitFor(
      'the API to take a change',
      () => scale('restarts', 2),
      () => true,
    )
    expect(await waitForReady(cluster(), { namespace: 'restarts', count: 2 })).toContain(address)
  })
})
