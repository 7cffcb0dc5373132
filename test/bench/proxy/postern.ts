import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareBun } from '../../../infra/dev/peer-programs.ts'
import { freePort } from '../../support/free-port.ts'
import { type Found, fixture, loadCore, type Peer, proxyCore, root } from '../peer.ts'
import { type Stage, saysReady } from '../stage.ts'
import { hostCount, manifests } from '../workload.ts'

const main = join(root, 'workers/node/postern.ts')
const node = join(root, 'node_modules/.bin/node')

export interface PosternOptions {
  readonly hosts?: number
  /** Undefined: the share of traces that is kept by default. */
  readonly traceRatio?: number
  readonly runtime?: 'node' | 'bun'
  /** By TLS, with the certificate in the stage's folder. */
  readonly isSecure?: boolean
}

/** Postern over manifests, with a collector that takes its traces and metrics. */
export function postern(
  name: string,
  { hosts = hostCount, traceRatio, runtime = 'node', isSecure = false }: PosternOptions,
): Peer {
  return {
    name,
    hosts,
    find: () => (runtime === 'bun' ? prepareBun(process.env) : Promise.resolve(findNode())),
    start: async (stage, port, program) => {
      const folder = join(stage.folder, `${name}-manifests`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'bench.yaml'), manifests(hosts))
      const command = [program, main, 'up', '--manifests', folder]
      command.push(...(await addresses(stage, port, isSecure)))
      command.push('--access-log', join(stage.folder, `${name}.log`))
      command.push('--otlp-endpoint', await startCollector(stage, name))
      if (traceRatio !== undefined) command.push('--trace-ratio', String(traceRatio))
      return stage.start(name, proxyCore, command, saysReady)
    },
  }
}

async function addresses(stage: Stage, port: number, isSecure: boolean): Promise<string[]> {
  const [own, other, console] = [port, await freePort(), await freePort()].map((one) => `127.0.0.1:${one}`)
  const [plain = '', secure = ''] = isSecure ? [other, own] : [own, other]
  const flags = ['--listen', plain, '--console', `${console}`]
  if (!isSecure) return flags
  const [cert, key] = ['tls.crt', 'tls.key'].map((name) => join(stage.folder, name))
  return [...flags, '--https-listen', secure, '--tls-cert', `${cert}`, '--tls-key', `${key}`]
}

function findNode(): Found {
  return existsSync(node)
    ? { found: true, program: node }
    : { found: false, reason: `no file node_modules/.bin/node` }
}

async function startCollector(stage: Stage, name: string): Promise<string> {
  const port = await freePort()
  const command = [process.execPath, fixture('collector.js'), String(port)]
  await stage.start(`${name}-collector`, loadCore, command, saysReady)
  return `http://127.0.0.1:${port}`
}
