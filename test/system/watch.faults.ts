import { afterAll, beforeAll, expect, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { agentKubeconfig } from '../cluster/postern.ts'
import { startRedis } from '../support/redis.ts'
import { faithful, type Mangle, startWatchMangler, type WatchMangler } from '../support/watch-mangler.ts'
import { faultRig } from './fault-rig.ts'

onCluster(
  'watches that do not tell everything once and in order, under clients that never retry',
  (cluster) => {
    let mangler: WatchMangler
    let kubeconfig: { file: string; remove(): void }
    const rig = faultRig(cluster, async () => {
      const redis = await startRedis()
      return { url: redis.url, close: () => redis.kill() }
    })
    beforeAll(async () => {
      kubeconfig = await agentKubeconfig(cluster())
      mangler = await startWatchMangler(kubeconfig.file)
      await rig.replaceAgent(['--kubeconfig', mangler.kubeconfig, '--lease', 'postern/postern-agent'])
      await rig.settle()
    })
    afterAll(async () => {
      await mangler.stop()
      kubeconfig.remove()
    })

    /**
     * Scales up and down while watches are mangled so, then lets them be. One Pod at a time: an agent that is told late of
     * more would leave a request with nobody to turn to.
     */
    async function scaleWhile(mangle: Mangle): Promise<void> {
      mangler.use(mangle)
      for (const replicas of [4, 3, 4]) await rig.scale(replicas)
      await rig.load().answers(200)
      mangler.use(faithful)
    }

    test('every event comes twice', async () => {
      await scaleWhile((line, send) => send(`${line}\n${line}\n`))
      await rig.settle()
    })

    test('events come in another order', async () => {
      let held: string | undefined
      await scaleWhile((line, send) => {
        if (held === undefined) {
          held = line
          return
        }
        send(`${line}\n${held}\n`)
        held = undefined
      })
      // What is held back by now is told by no watch: only a list, or the next event, shows that it is missing.
      await rig.scale(3)
      await rig.settle()
      expect(rig.agent().said()).toMatch(/an event of version \d+ came after \d+/)
    })

    test('watches are cut in the middle of an event', async () => {
      let events = 0
      await scaleWhile((line, send, response) => {
        events++
        if (events % 3 !== 0) return send(`${line}\n`)
        send(line.slice(0, line.length / 2))
        response.destroy()
      })
      await rig.settle()
    })

    test('etcd was compacted while the agent slept: it lists again', async () => {
      let refused = 0
      mangler.use((line, send) => {
        if (line.includes('"code":410')) refused++
        send(`${line}\n`)
      })
      rig.agent().child.kill('SIGSTOP')
      await rig.scale(4)
      await cluster().plane.compact()
      await cluster().plane.restart('kube-apiserver')
      await rig.scale(5)
      await rig.load().answers(200)
      rig.agent().child.kill('SIGCONT')
      await rig.settle()
      expect(refused).toBeGreaterThan(0)
    })
  },
)
