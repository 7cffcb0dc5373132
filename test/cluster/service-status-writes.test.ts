import { expect } from 'vitest'
import { systemClock } from '../../src/model/clock.node.ts'
import { onCluster } from './on-cluster.ts'
import { edit, grant, nameOf, OURS, patches, read, serviceJson, statusRig } from './status-rig.ts'
import { waitFor } from './wait-for.ts'

onCluster('writing the status of LoadBalancer Services', (cluster) => {
  const { withAgent, until, settled } = statusRig(cluster)

  let isRaced = false
  withAgent(
    'a write that another comes before is judged and tried again',
    {
      beforeWrite: async (path) => {
        if (isRaced || !path.includes('/raced/')) return
        isRaced = true
        await edit(cluster(), 'raced', [{ hostname: 'first.example.com' }])
      },
    },
    async (running) => {
      await cluster().objects.apply(serviceJson({ name: 'raced' }))
      await until('raced', OURS)
      // News of the other write may come after ours, and then it is read once more.
      expect(patches(cluster(), 'raced').slice(0, 4)).toEqual([200, 409, 200, 200])
      expect(running.troubles).toEqual([])
    },
  )

  let isReborn = false
  withAgent(
    'a Service that is deleted under the write is no trouble, and one that takes its name has its own',
    {
      beforeWrite: async (path) => {
        if (path.includes('/fleeting/')) await cluster().objects.delete(nameOf('fleeting'))
        if (isReborn || !path.includes('/reborn/')) return
        isReborn = true
        await cluster().objects.delete(nameOf('reborn'))
        await cluster().objects.apply(serviceJson({ name: 'reborn' }))
      },
    },
    async (running) => {
      await cluster().objects.apply(
        [serviceJson({ name: 'fleeting' }), serviceJson({ name: 'reborn' })].join('\n---\n'),
      )
      await until('reborn', OURS)
      await settled(running)
      const left = await cluster().list('/api/v1/namespaces/default/services')
      expect(left.map(({ metadata }) => metadata.name)).not.toContain('fleeting')
      expect(isReborn).toBe(true)
      expect(running.troubles).toEqual([])
    },
  )

  let isTurned = false
  withAgent(
    'a Service that another class has by the time of the write is left alone',
    {
      beforeWrite: async (path) => {
        if (isTurned || !path.includes('/turned/')) return
        isTurned = true
        const spec = { loadBalancerClass: 'example.com/other' }
        await cluster().objects.delete(nameOf('turned'))
        await cluster().objects.apply(serviceJson({ name: 'turned', spec }))
      },
    },
    async (running) => {
      await cluster().objects.apply(serviceJson({ name: 'turned' }))
      await waitFor(
        'the write to be refused, and the Service read again',
        () => patches(cluster(), 'turned'),
        (answers) => answers.length >= 3,
      )
      await settled(running)
      await cluster().objects.apply(serviceJson({ name: 'after-turned' }))
      await until('after-turned', OURS)
      expect(patches(cluster(), 'turned')).toEqual([200, 409, 200])
      expect(await read(cluster(), 'turned')).toEqual([])
      expect(running.troubles).toEqual([])
    },
  )

  let elapsed = 0
  withAgent(
    'who writes against us is answered ever more slowly, and the others do not wait for that',
    { clock: { now: systemClock.now, elapsed: () => elapsed }, spacingMs: 1_000 },
    async ({ statuses }) => {
      const theirs = [{ hostname: 'theirs.example.com' }]
      const correctAfter = async (name: string, delayMs: number) => {
        await edit(cluster(), 'fought', theirs)
        await waitFor(
          'the edit to be seen',
          () => statuses.waiting,
          (waiting) => waiting === 1,
        )
        elapsed += delayMs - 1
        await cluster().objects.apply(serviceJson({ name }))
        await until(name, OURS)
        expect(await read(cluster(), 'fought')).toEqual(theirs)
        elapsed += 1
        statuses.update([])
        await until('fought', OURS)
      }
      await cluster().objects.apply(serviceJson({ name: 'fought' }))
      await until('fought', OURS)
      await correctAfter('beside-1', 1_000)
      await correctAfter('beside-2', 2_000)
      await correctAfter('beside-3', 4_000)
    },
  )

  withAgent('what changes while it does not write is written when it does again', {}, async (running) => {
    await running.stopWriting()
    await cluster().objects.apply(serviceJson({ name: 'paused' }))
    await waitFor(
      'the Service to be seen',
      () => running.statuses.waiting,
      (waiting) => waiting === 1,
    )
    expect([await read(cluster(), 'paused'), patches(cluster(), 'paused')]).toEqual([[], []])
    running.startWriting()
    await until('paused', OURS)
  })

  let now = 0
  withAgent(
    'without the right to write it says so once, and writes as soon as it has it',
    { clock: { now: systemClock.now, elapsed: () => now } },
    async (running) => {
      await running.stopWriting()
      await grant(cluster(), false)
      const names = ['unwritten-1', 'unwritten-2']
      await cluster().objects.apply(names.map((name) => serviceJson({ name })).join('\n---\n'))
      running.startWriting()
      for (const name of names) {
        await waitFor(
          `${name} to be refused`,
          () => patches(cluster(), name),
          (answers) => answers.length > 0,
        )
        expect(patches(cluster(), name)).toEqual([403])
      }
      await waitFor(
        'the refusals to have arrived',
        () => running.statuses.waiting,
        (waiting) => waiting === names.length,
      )
      expect(running.troubles).toEqual([expect.stringContaining('the agent lacks the verb patch')])
      await grant(cluster(), true)
      now += 300_000
      running.statuses.update([])
      for (const name of names) await until(name, OURS)
      expect(running.troubles).toHaveLength(1)
    },
  )

  withAgent(
    'an API server that does not keep ipMode is told hostnames alone',
    { answered: (text) => text.replaceAll(',"ipMode":"Proxy"', '') },
    async (running) => {
      await cluster().objects.apply(serviceJson({ name: 'old-server' }))
      await until('old-server', [{ hostname: 'edge.example.com' }])
      expect(running.troubles).toEqual([expect.stringContaining('does not keep ipMode')])
    },
  )
})
