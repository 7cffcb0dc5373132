import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { keyVariables } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { HOST, RedisClusters } from '../support/redis-clusters.ts'
import { ask } from '../support/steady-load.ts'

const CLUSTERS = [
  ...['--cluster', 'own', '--clusters', 'own=1,west=0'],
  ...['--cluster-cidrs', 'west=127.0.0.0/8'],
]

describe.skipIf(!hasRedis)('the program serves two clusters of one Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-clusters-'))
  const accessLog = join(folder, 'access.log')
  let redis: RedisServer
  let published: RedisClusters
  let own: TestServer
  let west: TestServer
  let gateway: ServingProcess

  beforeAll(async () => {
    redis = await startRedis()
    published = new RedisClusters(redis.url)
    own = await startHttp((_request, response) => void response.end('own'))
    west = await startHttp((_request, response) => void response.end('west'))
    await published.expose('own', [own.port])
    await published.expose('west', [west.port])
    gateway = await startServing([
      'gateway',
      '--redis',
      redis.url,
      ...CLUSTERS,
      '--access-log',
      accessLog,
      '--state-dir',
      folder,
    ])
    await waitFor('both clusters', async () => (await get('/api/routes')).routes, hasBoth)
  })
  afterAll(async () => {
    await gateway.stop()
    await published.close()
    await Promise.all([own.close(), west.close()])
    await redis.kill()
    rmSync(folder, { recursive: true })
  })

  const hasBoth = (routes: unknown): boolean => Array.isArray(routes) && routes.length === 2
  const body = async (): Promise<string> => (await ask(gateway.port, HOST, '/')).body
  const get = async (path: string) => await (await fetch(`${gateway.console}${path}`)).json()
  const explain = (): string => {
    const args = ['explain', `http://${HOST}/`, '--redis', redis.url, ...CLUSTERS]
    return spawnSync(process.execPath, ['workers/node/postern.ts', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...keyVariables },
    }).stdout
  }

  test('the other cluster stands in while the own endpoints are gone, and everyone is told', async () => {
    expect(await body()).toBe('own')
    expect(explain()).toContain(`→ forwarded to 127.0.0.1:${own.port} in cluster own as /`)

    await published.expose('own', [])
    await waitFor('west to stand in', body, (text) => text === 'west')
    const text = explain()
    expect(text).toContain(
      '✗ endpoints: 0 can serve, 0 cannot\n✓ cluster: west, only when the others cannot serve',
    )
    expect(text).toContain(`→ forwarded to 127.0.0.1:${west.port} in cluster west as /`)
    const asked = await get(`/api/explain?url=http://${HOST}/`)
    expect(asked.outcome.summary).toContain('in cluster west')

    await published.expose('own', [own.port])
    await waitFor('the own one to be back', body, (answer) => answer === 'own')
  })

  test('routes, clusters and metrics say whose they are', async () => {
    expect(await get('/api/routes')).toMatchObject({
      routes: [
        { cluster: 'own', host: HOST },
        { cluster: 'west', host: HOST },
      ],
    })
    expect(await get('/api/clusters')).toMatchObject({
      clusters: [
        { name: 'own', weight: 1, source: 'registry' },
        { name: 'west', weight: 0 },
      ],
    })
    const metrics = await (await fetch(`${gateway.console}/metrics`)).text()
    for (const cluster of ['own', 'west']) {
      expect(metrics).toMatch(new RegExp(`^postern_gateway_observation_age\\{.*"${cluster}"`, 'm'))
      expect(metrics).toMatch(
        new RegExp(`^http_server_request_duration_count\\{.*k8s_cluster_name="${cluster}"`, 'm'),
      )
    }
  })

  test('each cluster is kept on disk for itself', async () => {
    const files = () => readdirSync(folder).filter((name) => name.endsWith('.records'))
    await waitFor('both files', files, (names) => names.length === 2)
    expect(files().sort()).toEqual(['own.records', 'west.records'])
    expect(await get('/api/status')).toMatchObject({ disk: { path: join(folder, 'own.records') } })
  })

  test('each line of the access log names the cluster that served', async () => {
    const clustersOf = (lines: string) =>
      lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).cluster]))
    const logged = await waitFor(
      'the log',
      () => clustersOf(readFileSync(accessLog, 'utf8')),
      (all) => all.includes('west'),
    )
    expect(new Set(logged)).toEqual(new Set(['own', 'west']))
  })
})
