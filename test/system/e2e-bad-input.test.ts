import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { application, ManifestFolder } from '../support/shop.ts'
import { SteadyLoad } from '../support/steady-load.ts'

const WEB = 'web.shop.apps.test'
const POD = { name: 'web-1', address: '10.244.1.1' }

interface Problem {
  readonly code: string
  readonly name: string
  readonly field: string
  readonly message: string
}

describe.skipIf(!hasPodNetwork)('bad input is told, and nothing else breaks', () => {
  const pods = new PodServers((pod, host) => host !== WEB || pod === POD.name)
  const closers: (() => unknown)[] = []
  let folder: ManifestFolder
  let postern: ServingProcess
  let load: SteadyLoad

  beforeAll(async () => {
    closers.push(() => pods.close())
    folder = new ManifestFolder()
    closers.push(() => folder.remove())
    await pods.start(POD.name, POD.address, 8080)
    folder.replace('web.yaml', application('web', [POD]))
    postern = await startServing(['up', '--manifests', folder.path, '--domain', 'apps.test'])
    closers.push(() => postern.stop())
    load = new SteadyLoad(() => postern.port, [WEB])
    closers.push(() => load.stop())
  })
  afterEach(() => expect(load.failures).toEqual([]))
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    expect(postern.child.exitCode).toBe(0)
  })

  async function problems(): Promise<Problem[]> {
    const response = await fetch(`${postern.console}/api/problems`)
    return ((await response.json()) as { problems: Problem[] }).problems
  }

  /** Asks the console until a problem of that code is there, or is not. */
  async function problemOf(code: string, isThere = true): Promise<Problem | undefined> {
    while (true) {
      const found = (await problems()).find((problem) => problem.code === code)
      if ((found !== undefined) === isThere) return found
    }
  }

  test('malformed YAML is named with its line, and what it said before goes on', async () => {
    const text = application('web', [POD])
    folder.replace('web.yaml', `${text}---\nkind: Service\nmetadata: {name: [broken\n`)
    const line = text.split('\n').length + 2
    const problem = await problemOf('yaml-syntax')
    expect(problem?.message).toMatch(new RegExp(`line ${line}|line ${line + 1}`))
    expect((await send({ port: postern.port, host: WEB })).status).toBe(200)
    folder.replace('web.yaml', text)
    await problemOf('yaml-syntax', false)
  })

  test('a wrong annotation value is named with its field and value', async () => {
    folder.replace('slow.yaml', application('slow', [], { 'postern.dev/timeout': '5 parsecs' }))
    const problem = await problemOf('annotation-invalid')
    expect(problem).toMatchObject({ name: 'slow', field: 'metadata.annotations["postern.dev/timeout"]' })
    expect(problem?.message).toContain('5 parsecs')
    folder.delete('slow.yaml')
    await problemOf('annotation-invalid', false)
  })

  test('a Service with no endpoints is a 503 that says so', async () => {
    folder.replace('empty.yaml', application('empty', []))
    expect(await problemOf('selector-matches-nothing')).toMatchObject({ name: 'empty' })
    const { status, headers } = await send({ port: postern.port, host: 'empty.shop.apps.test' })
    expect([status, headers['proxy-status']]).toEqual([503, 'postern; error=destination_unavailable'])
    folder.delete('empty.yaml')
  })

  test('of two claims on one host the older one wins, and the other is told', async () => {
    const claim = { 'postern.dev/host': 'both.example.com' }
    const [old, young] = [
      { name: 'old-1', address: '10.244.4.1' },
      { name: 'young-1', address: '10.244.4.2' },
    ]
    await pods.start(old.name, old.address, 8080)
    await pods.start(young.name, young.address, 8080)
    folder.replace('young.yaml', application('young', [young], claim, '2026-03-01T00:00:00Z'))
    folder.replace('old.yaml', application('old', [old], claim, '2025-03-01T00:00:00Z'))
    const problem = await problemOf('path-conflict')
    expect(problem).toMatchObject({ name: 'young' })
    const { body } = await send({ port: postern.port, host: 'both.example.com' })
    expect(JSON.parse(body).pod).toBe('old-1')
    folder.delete('old.yaml')
    folder.delete('young.yaml')
  })

  test('an unknown host is a 404', async () => {
    const { status, headers } = await send({ port: postern.port, host: 'nobody.example.com' })
    expect([status, headers['proxy-status']]).toEqual([404, 'postern; error=destination_not_found'])
  })

  test('a folder that has no manifest left serves nothing, and comes back', async () => {
    await load.stop()
    folder.delete('web.yaml')
    while ((await send({ port: postern.port, host: WEB })).status !== 404);
    folder.replace('web.yaml', application('web', [POD]))
    while ((await send({ port: postern.port, host: WEB })).status !== 200);
  })
})
