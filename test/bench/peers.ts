import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { listens, type Stage, saysReady } from './stage.ts'
import {
  backendAddresses,
  backendBody,
  backendPort,
  haproxyPools,
  hostMap,
  manifests,
  nginxPools,
} from './workload.ts'

/** The proxies under test run on one core; the backend and the load on the other. */
export const proxyCore = 0
export const loadCore = 1

export const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/bench')
const posternMain = join(root, 'workers/node/postern.ts')

/** A proxy that answers on a loopback port. */
export interface Subject {
  readonly name: string
  readonly port: number
  readonly pid: number
}

interface Peer {
  readonly name: string
  /** Why it cannot run here; undefined when it can. */
  absence(): string | undefined
  start(stage: Stage, port: number): Promise<number>
}

const peers: readonly Peer[] = [
  {
    name: 'postern',
    absence: () => (existsSync(posternMain) ? undefined : `no file ${posternMain}`),
    start: startPostern,
  },
  { name: 'nginx', absence: () => commandAbsence('nginx', '-v'), start: startNginx },
  { name: 'haproxy', absence: () => commandAbsence('haproxy', '-v'), start: startHaproxy },
]

/** Starts every proxy that this machine has; names the others on stderr. */
export async function startSubjects(stage: Stage): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const peer of peers) {
    const absence = peer.absence()
    if (absence !== undefined) {
      process.stderr.write(`Skipping ${peer.name}, absent here: ${absence}\n`)
      continue
    }
    const port = await freePort()
    subjects.push({ name: peer.name, port, pid: await peer.start(stage, port) })
  }
  return subjects
}

/** Starts the backend, which every case needs. */
export async function startBackend(stage: Stage): Promise<void> {
  for (const address of backendAddresses) {
    if (await listens(address, backendPort)('')) {
      throw new Error(`Cannot start the backend: ${address}:${backendPort} is taken`)
    }
  }
  const config = writeFixture(stage, 'backend.conf', { body: backendBody })
  const ready = listens('127.0.0.2', backendPort)
  await stage.start('backend', loadCore, ['nginx', '-p', stage.folder, '-c', config, '-e', 'stderr'], ready)
}

/** Says why a command cannot run here; undefined when it can. */
export function commandAbsence(command: string, flag: string): string | undefined {
  return spawnSync(command, [flag], { stdio: 'ignore' }).error?.message
}

function startNginx(stage: Stage, port: number): Promise<number> {
  writeFileSync(join(stage.folder, 'hosts.nginx'), hostMap(';'))
  const config = writeFixture(stage, 'nginx.conf', { port, pools: nginxPools() })
  const command = ['nginx', '-p', stage.folder, '-c', config, '-e', 'stderr']
  return stage.start('nginx', proxyCore, command, listens('127.0.0.1', port))
}

async function startHaproxy(stage: Stage, port: number): Promise<number> {
  const logPort = await freePort()
  const sink = [process.execPath, join(fixtures, 'sink.js'), String(logPort)]
  await stage.start('sink', loadCore, sink, saysReady)
  writeFileSync(join(stage.folder, 'hosts.map'), hostMap(''))
  const config = writeFixture(stage, 'haproxy.cfg', { port, logPort, pools: haproxyPools() })
  const command = ['haproxy', '-db', '-C', stage.folder, '-f', config]
  return stage.start('haproxy', proxyCore, command, listens('127.0.0.1', port))
}

async function startPostern(stage: Stage, port: number): Promise<number> {
  const folder = join(stage.folder, 'manifests')
  mkdirSync(folder)
  writeFileSync(join(folder, 'bench.yaml'), manifests())
  const command = [join(root, 'node_modules/.bin/node'), posternMain, 'up', '--manifests', folder]
  command.push('--listen', `127.0.0.1:${port}`, '--console', `127.0.0.1:${await freePort()}`)
  command.push('--access-log', join(stage.folder, 'postern.log'))
  return stage.start('postern', proxyCore, command, saysReady)
}

/** Fills the `{{name}}` places of a fixture and writes it into the stage's folder. */
function writeFixture(stage: Stage, name: string, values: Readonly<Record<string, string | number>>): string {
  const filled = readFileSync(join(fixtures, name), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key]
    if (value === undefined) throw new Error(`Cannot fill ${name}: no value for ${key}`)
    return String(value)
  })
  const path = join(stage.folder, name)
  writeFileSync(path, filled)
  return path
}
