import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { send } from '../support/http.ts'
import { overlay } from '../support/overlay.ts'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { startServing } from '../support/postern-process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PUBLIC = join(ROOT, '../shared/manifests')
const hasPublic = existsSync(PUBLIC)
if (!hasPublic) console.log('skipped: the public manifests (../shared/manifests) are not here')

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface RouteStatus {
  readonly host: string
  readonly path: string
  readonly service: string
  readonly endpoints: number
}

/** Annotated, with Pods that really serve: everything that is exposed answers from a Pod of its own Service. */
async function expectAllAnswer(files: readonly string[]): Promise<void> {
  const { documents, listeners, services } = overlay(
    files.map((file) => readFileSync(file, 'utf8')).join('\n---\n'),
  )
  const folder = mkdtempSync(join(tmpdir(), 'postern-e2e-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'all.yaml'), documents.map((document) => stringify(document)).join('---\n'))

  const check = spawnSync(
    process.execPath,
    ['workers/node/postern.ts', 'check', '--json', '--manifests', folder],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  )
  const { problems } = JSON.parse(check.stdout)
  expect(problems.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([])
  expect(check.status, check.stderr).toBe(0)

  const pods = new PodServers()
  closers.push(() => pods.close())
  for (const { pod, address, port } of listeners) await pods.start(pod, address, port)
  // The public policies admit other Pods of their application only; what they do to clients has tests of its own.
  const postern = await startServing([
    'up',
    '--manifests',
    folder,
    '--domain',
    'apps.test',
    '--network-policy',
    'off',
  ])
  closers.push(() => postern.stop())

  const { routes } = (await (await fetch(`${postern.console}/api/routes`)).json()) as {
    routes: RouteStatus[]
  }
  const own = routes.filter(({ host }) => !host.startsWith('*.'))
  expect(own.map(({ service }) => service.replace(/:\d+$/, '')).sort()).toEqual([...services.keys()].sort())
  for (const { host, path, service } of routes) {
    const behind = services.get(service.replace(/:\d+$/, '')) ?? []
    if (host.startsWith('*.')) {
      for (const pod of behind) {
        const { status, body } = await send({ port: postern.port, host: host.replace('*', pod), path })
        expect({ status, pod: JSON.parse(body).pod }, host).toEqual({ status: 200, pod })
      }
      continue
    }
    const answered = new Set<string>()
    for (let i = 0; i < 40 && answered.size < behind.length; i++) {
      const { status, body } = await send({ port: postern.port, host, path })
      expect(status, `${host}${path}`).toBe(200)
      answered.add(JSON.parse(body).pod)
    }
    expect([...answered].sort(), host).toEqual([...behind].sort())
  }
  expect(await postern.stop()).toBe(0)
}

describe.skipIf(!hasPodNetwork)('every exposed host answers', () => {
  test('of the sample', async () => {
    const folder = join(ROOT, 'examples/shop/manifests')
    await expectAllAnswer(readdirSync(folder).map((file) => join(folder, file)))
  })

  test.skipIf(!hasPublic).each(['online-boutique', 'sock-shop', 'argo-cd', 'cassandra'])('of %s', (name) =>
    expectAllAnswer([join(PUBLIC, `${name}.yaml`)]),
  )
})
