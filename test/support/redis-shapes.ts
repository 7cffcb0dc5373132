import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../cluster/wait-for.ts'
import { freePort, freePortWithBus } from './free-port.ts'
import { type RedisServer, startRedis } from './redis.ts'

export interface RedisSet {
  readonly url: string
  readonly servers: readonly RedisServer[]
  /** Whoever takes writes now for the keys of a cluster (of Kubernetes). */
  master(): RedisServer
  close(): Promise<void>
}

const MASTER = 'mymaster'

/** A master, a replica, and three sentinels that fail over within a second or two. */
export async function startSentinelSet(): Promise<RedisSet> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sentinel-'))
  const first = await startRedis()
  const second = await startRedis(['--replicaof', '127.0.0.1', `${first.port}`])
  const servers = [first, second]
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(folder, first.port)))
  const ports = sentinels.map(({ port }) => port)
  await waitFor(
    'the sentinels to know each other and the replica',
    () => ports.map((port) => sentinelCli(port, 'sentinel', 'master', MASTER)),
    (answers) =>
      answers.every(
        (lines) => valueIn(lines, 'num-slaves') === '1' && valueIn(lines, 'num-other-sentinels') === '2',
      ),
  )
  await waitFor('the replica to follow', () => second.cli('info', 'replication'), isInSync)
  const master = (): RedisServer => {
    const [, port = ''] = sentinelCli(ports[0] ?? 0, 'sentinel', 'get-master-addr-by-name', MASTER)
    return servers.find((server) => `${server.port}` === port) ?? first
  }
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    servers,
    master,
    close: async () => {
      await Promise.all(sentinels.map(({ stop }) => stop()))
      await Promise.all(servers.map((server) => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startSentinel(folder: string, masterPort: number) {
  const port = await freePort()
  const file = join(folder, `${port}.conf`)
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER} 500`,
    `sentinel failover-timeout ${MASTER} 3000`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit')
    if (child.kill('SIGKILL')) await exited
  }
  await waitFor(
    'a sentinel to answer',
    () => spawnSync('redis-cli', ['-p', `${port}`, 'ping'], { encoding: 'utf8' }).stdout.trim(),
    (answer) => answer === 'PONG',
  )
  return { port, stop }
}

/** Three masters with a replica each. */
export async function startRedisCluster(): Promise<RedisSet> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-redis-cluster-'))
  const servers = await Promise.all([0, 1, 2, 3, 4, 5].map(() => startClusterNode(folder)))
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  const make = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']
  const { status, stdout, stderr } = spawnSync('redis-cli', make, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot make a Redis Cluster: ${stdout}${stderr}`)
  await waitFor(
    'every node to see the whole cluster, and replicas to follow',
    () => servers.map((server) => [server.cli('cluster', 'info'), server.cli('info', 'replication')]),
    (all) =>
      all.every(([cluster = '', replication = '']) => {
        return (
          cluster.includes('cluster_state:ok') &&
          (replication.includes('role:master') || isInSync(replication))
        )
      }),
  )
  return {
    url: `redis+cluster://${addresses.slice(0, 3).join(',')}`,
    servers,
    master: () => {
      const alive = servers.filter(isAlive)
      const found = alive.find((server) => {
        const answer = server.cli('exists', 'postern:{default}:head')
        return !answer.startsWith('MOVED') && server.cli('role').startsWith('master')
      })
      if (found === undefined) throw new Error('No node has the slot')
      return found
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startClusterNode(folder: string): Promise<RedisServer> {
  const port = await freePortWithBus()
  const flags = [
    ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`, '--dir', folder],
    ...['--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0', '--appendonly', 'no'],
  ]
  return await startRedis(flags, port)
}

const isInSync = (replication: string): boolean => replication.includes('master_link_status:up')

function isAlive(server: RedisServer): boolean {
  return (
    spawnSync('redis-cli', ['-p', `${server.port}`, 'ping'], { encoding: 'utf8' }).stdout.trim() === 'PONG'
  )
}

function sentinelCli(port: number, ...args: readonly string[]): string[] {
  const { stdout } = spawnSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8' })
  return stdout.trim().split('\n')
}

/** Of a reply that lists names and values in turn. */
function valueIn(lines: readonly string[], name: string): string | undefined {
  const at = lines.indexOf(name)
  return at === -1 ? undefined : lines[at + 1]
}
