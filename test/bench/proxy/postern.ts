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
}

/** Postern over manifests, with a collector that takes its traces and metrics. */
export function postern(
  name: string,
  { hosts = hostCount, traceRatio, runtime = 'node' }: PosternOptions,
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
      command.push('--listen', `127.0.0.1:${port}`, '--console', `127.0.0.1:${await freePort()}`)
      command.push('--access-log', join(stage.folder, `${name}.log`))
      command.push('--otlp-endpoint', await startCollector(stage, name))
      if (traceRatio !== undefined) command.push('--trace-ratio', String(traceRatio))
      return stage.start(name, proxyCore, command, saysReady)
    },
  }
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
