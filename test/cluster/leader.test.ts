import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshRecords, storedRecords } from '../support/fresh-records.ts'
import { statementOf } from '../support/keys.ts'
import type { AgentProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { waitFor } from './wait-for.ts'

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'postern',
  name: 'postern-agent',
}

const leaseSchema = v.object({
  metadata: v.object({ annotations: v.record(v.string(), v.string()) }),
  spec: v.object({
    holderIdentity: v.string(),
    leaseDurationSeconds: v.number(),
    leaseTransitions: v.number(),
    acquireTime: v.string(),
    renewTime: v.string(),
  }),
})

onCluster('agents that elect a leader', (cluster) => {
  let kubeconfig: { file: string; remove(): void }
  let redis: RedisServer
  let agents: AgentProcess[] = []

  beforeAll(async () => {
    kubeconfig = await agentKubeconfig(cluster())
  })
  afterAll(() => kubeconfig.remove())
  beforeEach(async () => {
    redis = await startRedis()
  })
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.stop('SIGKILL')))
    agents = []
    await redis.kill()
    await cluster().objects.delete(LEASE)
  })

  async function start(duration: string): Promise<AgentProcess> {
    const agent = await runAgent(kubeconfig.file, redis.url, ['--lease-duration', duration])
    agents.push(agent)
    return agent
  }

  const said = async ({ console }: AgentProcess) => await (await fetch(`${console}/readyz`)).text()
  const lease = async () => v.parse(leaseSchema, await cluster().objects.get(LEASE))
  const epoch = () => statementOf(redis.cli('HGET', 'postern:{default}:head', 'text'))?.position.epoch ?? 0
  const leads = (agent: AgentProcess) =>
    waitFor('an agent to lead', agent.isLeading, (isLeading) => isLeading)
  const standsBy = (agent: AgentProcess) =>
    waitFor(
      'an agent to stand by',
      () => said(agent),
      (text) => text.startsWith('ready: standing by, '),
    )
  const holdsWhatIsThere = () =>
    waitFor(
      'the registry to hold what the cluster compiles to',
      async () => [await storedRecords(redis.url), await freshRecords(kubeconfig.file)].map(String),
      ([stored, fresh]) => fresh !== '' && stored === fresh,
    )
  const annotate = (value: string) =>
    cluster().objects.patch(
      { apiVersion: 'v1', kind: 'Service', name: 'kubernetes', namespace: 'default' },
      { metadata: { annotations: { 'postern.dev/expose': value } } },
    )

  test('one publishes; the other is ready, names it, and writes neither records nor Events', async () => {
    const leader = await start('5m')
    await leads(leader)
    const other = await start('5m')
    const { spec, metadata } = await lease()
    expect(await standsBy(other)).toBe(`ready: standing by, ${spec.holderIdentity} leads`)
    expect(spec).toMatchObject({ leaseDurationSeconds: 300, leaseTransitions: 0 })
    expect(Number(metadata.annotations['postern.dev/epoch'])).toBeGreaterThanOrEqual(epoch())
    await annotate('perhaps')
    const metrics = async ({ console }: AgentProcess) => await (await fetch(`${console}/metrics`)).text()
    await waitFor(
      'the leader to have written the problem as an Event',
      () => metrics(leader),
      (text) => /postern_agent_events_waiting\S* 0$/m.test(text) && /published_records\S* [1-9]/.test(text),
    )
    await holdsWhatIsThere()
    expect(await metrics(leader)).toMatch(/^postern_agent_leader\S* 1$/m)
    const quiet = await metrics(other)
    expect(quiet).toMatch(/^postern_agent_leader\S* 0$/m)
    expect(quiet).toMatch(/^postern_agent_events_waiting\S* 0$/m)
    expect(quiet).not.toMatch(/^postern_agent_publishes/m)
    expect(epoch()).toBeLessThanOrEqual(100)
  })

  test('a leader that is told to stop hands over: nobody waits for its Lease to run out', async () => {
    const leader = await start('5m')
    await leads(leader)
    const other = await start('5m')
    await standsBy(other)
    const before = epoch()
    expect(await leader.stop()).toBe(0)
    await leads(other)
    const { spec } = await lease()
    expect(spec).toMatchObject({ leaseDurationSeconds: 300, leaseTransitions: 1 })
    expect(Date.parse(spec.acquireTime)).toBeLessThanOrEqual(Date.parse(spec.renewTime))
    await waitFor('a higher epoch', epoch, (now) => now > before)
    await annotate('true')
    await holdsWhatIsThere()
    // The last one leaves a Lease that is nobody's.
    expect(await other.stop()).toBe(0)
    expect((await lease()).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  })

  test('a leader that was killed is followed when its Lease has run out', async () => {
    const leader = await start('3s')
    await leads(leader)
    const other = await start('3s')
    await standsBy(other)
    const before = epoch()
    await leader.stop('SIGKILL')
    await leads(other)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    await annotate('false')
    await holdsWhatIsThere()
  })

  test('a Lease that is deleted is made anew, and epochs do not go back', async () => {
    const pair = [await start('5m'), await start('5m')]
    await waitFor('one to publish', epoch, (now) => now > 0)
    const before = epoch()
    await cluster().objects.delete(LEASE)
    await waitFor('a new Lease', lease, ({ spec }) => spec.holderIdentity !== '')
    for (const agent of pair) expect(await agent.stop()).toBe(0)
    await cluster().objects.delete(LEASE)
    // This one has seen nothing of what was before but the registry.
    await leads(await start('5m'))
    await waitFor('a higher epoch', epoch, (now) => now > before)
    expect(Number((await lease()).metadata.annotations['postern.dev/epoch'])).toBeGreaterThanOrEqual(epoch())
    await holdsWhatIsThere()
  })

  test.each([
    ['is gone', 'SIGKILL', () => cluster().plane.restart('kube-apiserver')],
    ['answers nothing', 'SIGSTOP', () => cluster().plane.kill('kube-apiserver', 'SIGCONT')],
  ] as const)(
    'while the API server %s nobody leads; when it is back one does',
    async (_what, signal, mend) => {
      const pair = [await start('3s'), await start('3s')]
      await waitFor(
        'both to be ready',
        () => Promise.all(pair.map((agent) => agent.isReady())),
        (all) => all.every((isReady) => isReady),
      )
      await cluster().plane.kill('kube-apiserver', signal)
      for (const agent of pair) {
        expect(await standsBy(agent)).toMatch(/^ready: standing by, /)
      }
      await mend()
      await waitFor(
        'one to lead',
        () => Promise.all(pair.map((agent) => agent.isLeading())),
        (all) => all.filter((isLeading) => isLeading).length === 1,
      )
      await annotate('true')
      await holdsWhatIsThere()
    },
  )

  test('an agent without election leaves no Lease', async () => {
    const agent = await runAgent(kubeconfig.file, redis.url, ['--leader-election', 'off'])
    agents.push(agent)
    await leads(agent)
    await expect(cluster().objects.get(LEASE)).rejects.toMatchObject({ status: 404 })
  })
})
