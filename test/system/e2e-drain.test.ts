import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { startServing } from '../support/postern-process.ts'
import { application, ManifestFolder } from '../support/shop.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'

describe.skipIf(!hasPodNetwork)('SIGTERM', () => {
  test('loses no request: unready first, then requests under way end, exit code 0', async () => {
    const pods = new PodServers()
    onTestFinished(() => pods.close())
    const folder = new ManifestFolder()
    onTestFinished(() => folder.remove())
    const asked = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    await pods.start('web-1', '10.244.1.1', 8080)
    await pods.start('slow-1', '10.244.1.2', 8080, async (_request, response) => {
      response.write('begun ')
      asked.resolve()
      await release.promise
      response.end('ended')
    })
    folder.replace('web.yaml', application('web', [{ name: 'web-1', address: '10.244.1.1' }]))
    folder.replace('slow.yaml', application('slow', [{ name: 'slow-1', address: '10.244.1.2' }]))
    const flags = ['--domain', 'apps.test', '--drain-delay', '1s', '--drain-timeout', '20s']
    const postern = await startServing(['up', '--manifests', folder.path, ...flags])
    onTestFinished(async () => void (await postern.stop('SIGKILL')))
    const load = new SteadyLoad(() => postern.port, ['web.shop.apps.test'], 8)
    const slow = ask(postern.port, 'slow.shop.apps.test', '/')
    await asked.promise
    const stopped = postern.stop()
    // A balancer stops sending when the gateway is no longer ready.
    while ((await fetch(`${postern.console}/readyz`)).status === 200);
    await load.answers(50)
    await load.stop()
    // Nobody new is let in, and the one that was under way still is.
    await untilRefused(postern.port)
    release.resolve()
    expect(await slow).toEqual({ status: 200, body: 'begun ended' })
    expect(await stopped).toBe(0)
    expect(load.failures).toEqual([])
  })
})

async function untilRefused(port: number): Promise<void> {
  while (true) {
    const why = await ask(port, 'web.shop.apps.test', '/').catch((error: NodeJS.ErrnoException) => error)
    if (why instanceof Error && why.code === 'ECONNREFUSED') return
  }
}
