import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { agentKubeconfig, runAgent } from '../cluster/postern.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { startHeldWay } from '../support/held-way.ts'
import { statementOf } from '../support/keys.ts'
import type { AgentProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { faultRig } from './fault-rig.ts'

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'postern',
  name: 'postern-agent',
}

onCluster('two agents, of which one leads, under clients that never retry', (cluster) => {
  let redis: RedisServer
  let kubeconfig: { file: string; remove(): void }
  let agents: AgentProcess[] = []
  const rig = faultRig(cluster, async () => {
    redis = await startRedis()
    return { url: redis.url, close: () => redis.kill() }
  })
  beforeAll(async () => {
    kubeconfig = await agentKubeconfig(cluster())
    agents = [rig.agent()]
    await addAgent()
  })
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop('SIGKILL')))
    kubeconfig.remove()
  })

  async function addAgent(redisUrl = redis.url): Promise<AgentProcess> {
    const agent = await runAgent(kubeconfig.file, redisUrl)
    agents.push(agent)
    await waitFor('the new agent to be ready', agent.isReady, (isReady) => isReady)
    return agent
  }

  const said = async ({ console }: AgentProcess) => await (await fetch(`${console}/readyz`)).text()

  /** The one that leads, and the one that does not. */
  async function roles(): Promise<{ leader: AgentProcess; other: AgentProcess }> {
    const leading = await waitFor(
      'one agent to lead',
      () => Promise.all(agents.map((agent) => agent.isLeading())),
      (all) => all.filter((isLeading) => isLeading).length === 1,
    )
    const [leader] = agents.filter((_agent, i) => leading[i])
    const [other] = agents.filter((_agent, i) => !leading[i])
    if (leader === undefined || other === undefined) throw new Error(`There are ${agents.length} agents`)
    return { leader, other }
  }

  const leads = (agent: AgentProcess) =>
    waitFor('the other agent to lead', agent.isLeading, (isLeading) => isLeading)
  const head = () => statementOf(redis.cli('HGET', 'postern:{default}:head', 'text'))
  const epoch = () => head()?.position.epoch ?? 0
  /** How many of its publishes the registry took. */
  const written = async ({ console }: AgentProcess) => {
    const text = await (await fetch(`${console}/metrics`)).text()
    return Number(/^postern_agent_publishes\S*outcome="written"\S* (\d+)$/m.exec(text)?.[1] ?? 0)
  }

  test('the leader is stopped for longer than its Lease, and wakes: it stands by, and writes no more', async () => {
    const { leader, other } = await roles()
    const [before, writtenBefore] = [epoch(), await written(leader)]
    leader.child.kill('SIGSTOP')
    await rig.scale(4)
    await leads(other)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    await rig.load().answers(200)
    await rig.settle()
    const term = Math.ceil(epoch() / 100)
    leader.child.kill('SIGCONT')
    // It is told of all that it has missed, and compiles it.
    await waitFor(
      'it to stand by',
      () => said(leader),
      (text) => text.startsWith('ready: standing by, '),
    )
    await rig.scale(3)
    await rig.settle()
    expect(await written(leader)).toBe(writtenBefore)
    expect(Math.ceil(epoch() / 100)).toBe(term)
    expect(await other.isLeading()).toBe(true)
  })

  test('the leader is killed', async () => {
    const { leader, other } = await roles()
    await leader.stop('SIGKILL')
    const killedAt = performance.now()
    await rig.scale(4)
    await leads(other)
    console.log(`SIGKILLed leader: followed within ${Math.round(performance.now() - killedAt)} ms`)
    await rig.settle()
    agents = [other]
    await addAgent()
  })

  test('the leader is drained', async () => {
    const { leader, other } = await roles()
    const before = epoch()
    expect(await leader.stop('SIGTERM')).toBe(0)
    const endedAt = performance.now()
    await leads(other)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    console.log(`SIGTERMed leader: followed within ${Math.round(performance.now() - endedAt)} ms of its end`)
    await rig.scale(3)
    await rig.settle()
    agents = [other]
    await addAgent()
  })

  test('the Lease is taken from a leader that is well, again and again', async () => {
    for (const replicas of [4, 3, 4]) {
      const before = epoch()
      await cluster().objects.patch(LEASE, { spec: { holderIdentity: '' } })
      await rig.scale(replicas)
      await waitFor('a higher epoch', epoch, (now) => now > before)
      await roles()
    }
    await rig.settle()
  })

  test('the Lease is deleted', async () => {
    const before = epoch()
    await cluster().objects.delete(LEASE)
    await roles()
    await rig.scale(3)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    await rig.settle()
  })

  test('the leader is stopped while Redis is flushed: the other one writes everything', async () => {
    const { leader, other } = await roles()
    const before = epoch()
    leader.child.kill('SIGSTOP')
    redis.cli('FLUSHALL')
    await rig.scale(4)
    await leads(other)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    leader.child.kill('SIGCONT')
    await rig.settle()
  })

  test('what the leader wrote arrives after the other has taken over: the registry refuses it', async () => {
    for (const agent of agents) await agent.stop('SIGTERM')
    const way = await startHeldWay(redis.port)
    onTestFinished(way.stop)
    agents = []
    const leader = await addAgent(`redis://127.0.0.1:${way.port}`)
    const other = await addAgent()
    expect((await roles()).leader).toBe(leader)
    way.hold()
    await rig.scale(5)
    await waitFor('a publish to be under way', way.held, (text) => text.includes('EVALSHA'))
    const before = epoch()
    leader.child.kill('SIGSTOP')
    await leads(other)
    await waitFor('a higher epoch', epoch, (now) => now > before)
    await rig.settle()
    const taken = epoch()
    way.release()
    // The script's answer: 0, and the position that is there.
    const refused = new RegExp(`:0\\r\\n\\$\\d+\\r\\n${taken}\\r\\n`)
    await waitFor('it to be refused', way.answered, (text) => refused.test(text))
    expect(epoch()).toBe(taken)
    leader.child.kill('SIGCONT')
    await rig.scale(4)
    await rig.settle()
    expect(await other.isLeading()).toBe(true)
  })
})
