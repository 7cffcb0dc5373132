import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { readPods } from '../cluster/reads.ts'
import { workloadYaml } from '../cluster/workload.ts'
import { freePort } from '../support/free-port.ts'
import { readIsolateBytes } from '../support/heap.ts'
import { startRedis } from '../support/redis.ts'
import { EXPOSED, faultRig } from './fault-rig.ts'

const MIB = 1024 * 1024
/** How long, and how often what is held is looked at. */
const MINUTES = Number(process.env.POSTERN_SOAK_MINUTES ?? 10)
const LOOKS = 6
const FLIP_MS = 200
/** Pods serve on for as long as it takes until nobody sends to them: their own `preStop` says how long. */
const PRE_STOP_S = 3
const ROLL_MS = 5_000

interface Held {
  readonly heapMib: number
  readonly sockets: number
}

onCluster(`rolling Pods, flipping routes and dying endpoints for ${MINUTES} minutes`, (cluster) => {
  const inspectors: number[] = []
  const rig = faultRig(
    cluster,
    async () => {
      for (let i = 0; i < 2; i++) inspectors.push(await freePort())
      const redis = await startRedis()
      return { url: redis.url, close: () => redis.kill() }
    },
    [],
    (place) => ({ NODE_OPTIONS: `--inspect=127.0.0.1:${inspectors[place]}` }),
  )

  /** Another Service, whose route is changed all the time. */
  const flip = (turn: number) =>
    cluster().objects.apply(
      workloadYaml({
        name: 'flip',
        replicas: 1,
        serviceAnnotations: { ...EXPOSED, 'postern.dev/path': `/${turn % 2}` },
      }),
      { namespace: 'shop' },
    )
  const roll = (turn: number) =>
    cluster().objects.apply(
      workloadYaml({
        replicas: 4,
        preStopSeconds: PRE_STOP_S,
        serviceAnnotations: EXPOSED,
        podLabels: { turn: `${turn}` },
      }),
      { namespace: 'shop' },
    )

  async function heldNow(): Promise<Held[]> {
    return await Promise.all(
      rig.gateways.map(async ({ child }, place) => ({
        heapMib: (await readIsolateBytes(`127.0.0.1:${inspectors[place]}`)) / MIB,
        sockets: socketsOf(child.pid ?? 0),
      })),
    )
  }

  test('no request fails, and nothing is held that was not held before', async () => {
    const until = performance.now() + MINUTES * 60_000
    const looks: Held[][] = []
    const lookEvery = (MINUTES * 60_000) / LOOKS
    let [nextRoll, nextLook, turn] = [0, performance.now() + lookEvery, 0]
    let crashes = 0
    while (performance.now() < until) {
      await flip(turn)
      turn++
      if (performance.now() > nextRoll) {
        nextRoll = performance.now() + ROLL_MS
        await roll(turn)
      }
      if (turn % 50 === 0) {
        const [victim] = await readPods(cluster(), 'shop', 'labelSelector=app%3Dflip')
        cluster().nodes.crash('shop', victim?.name ?? '')
        crashes++
      }
      if (performance.now() > nextLook) {
        nextLook += lookEvery
        looks.push(await heldNow())
        console.log(JSON.stringify({ turn, answered: rig.load().answered, held: looks.at(-1) }))
      }
      await pause(FLIP_MS)
    }
    await rig.settle()
    const failures = rig.takeFailures()
    const facts = { turns: turn, crashes, answered: rig.load().answered, failed: failures.length }
    console.log(JSON.stringify(facts))
    expect(failures).toEqual([])
    for (const place of [0, 1]) {
      const held = looks.map((look) => look[place]).filter((one) => one !== undefined)
      const half = Math.floor(held.length / 2)
      const most = (part: readonly Held[], of: (one: Held) => number) => Math.max(...part.map(of))
      // What is collected varies by a little; what leaks grows with every turn.
      const [early, late] = [held.slice(0, half), held.slice(half)]
      expect(most(late, ({ heapMib }) => heapMib)).toBeLessThan(
        most(early, ({ heapMib }) => heapMib) * 1.1 + 1,
      )
      expect(most(late, ({ sockets }) => sockets)).toBeLessThanOrEqual(
        most(early, ({ sockets }) => sockets) + 8,
      )
    }
  })
})

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`).startsWith('socket:')).length
}

/** '' for one that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
