import { expect, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { freePort } from '../support/free-port.ts'
import { type PosternProcess, startPostern } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { faultRig } from './fault-rig.ts'

const TOKEN = 'system-token-0123456789'

onCluster('gateways that read a relay, under clients that never retry', (cluster) => {
  let redis: RedisServer
  let port: number
  let relay: PosternProcess
  const rig = faultRig(cluster, async () => {
    redis = await startRedis()
    port = await freePort()
    relay = startRelay()
    return {
      url: redis.url,
      readerArgs: ['--relay-url', `http://127.0.0.1:${port}`, '--relay-token', TOKEN],
      close: async () => {
        await relay.stop('SIGKILL')
        await redis.kill()
      },
    }
  })

  const startRelay = () =>
    startPostern([
      ...['relay', '--redis', redis.url, '--token', TOKEN],
      ...['--listen', `127.0.0.1:${port}`, '--console', '127.0.0.1:0'],
    ])
  const relaySays = (words: string) =>
    waitFor(`the relay to say ${words}`, relay.said, (said) => said.includes(words), { timeoutMs: 60_000 })

  test('the relay is killed, and another one takes its place', async () => {
    await relay.stop('SIGKILL')
    await rig.scale(4)
    await rig.load().answers(200)
    relay = startRelay()
    await rig.settle()
  })

  test('Redis is killed and comes back empty: what is held is served, and what is written anew followed', async () => {
    await redis.kill()
    await rig.load().answers(200)
    await redis.start()
    await rig.scale(3)
    await rig.settle()
  })

  test('the relay is killed and started while Redis is away: gateways go on, one that is restarted waits', async () => {
    await redis.kill()
    await relay.stop('SIGKILL')
    relay = startRelay()
    await relaySays('Cannot')
    await rig.load().answers(200)
    expect(await rig.gateways[1]?.stop('SIGTERM')).toBe(0)
    const restarted = rig.startGateway(1)
    await rig.load().answers(200)
    await redis.start()
    await restarted
    await rig.scale(2)
    await rig.settle()
  })

  test('the relay is stopped, and goes on: what was meanwhile is followed', async () => {
    relay.child.kill('SIGSTOP')
    await rig.scale(4)
    await rig.load().answers(200)
    relay.child.kill('SIGCONT')
    await rig.settle()
  })
})
