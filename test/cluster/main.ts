// A test cluster by hand: node infra/dev/run.mjs test/cluster/main.ts [--nodes N] [command…]
// Runs the command (or a shell) in the cluster's network namespace, with KUBECONFIG set; the cluster ends with it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CLUSTER_BINARIES, prepareClusterBinaries } from '../../infra/dev/cluster-binaries.ts'
import { inNamespace } from '../../infra/dev/netns.ts'
import { Cluster } from './cluster.ts'

const args = process.argv.slice(2)
const prepared = process.env.POSTERN_TEST_NETNS === '1' ? process.env[CLUSTER_BINARIES] : undefined
process.exitCode = prepared === undefined ? await enterNamespace() : await runCluster(prepared)

async function enterNamespace(): Promise<number> {
  const binaries = await prepareClusterBinaries(process.env, (line) => console.error(line))
  if (!binaries.found) return 1
  const { command, isIsolated } = inNamespace([process.execPath, fileURLToPath(import.meta.url), ...args])
  const [file = '', ...rest] = command
  if (!isIsolated) {
    console.error('Cannot make a network namespace, without which Pods have no addresses')
    return 1
  }
  const env = { ...process.env, POSTERN_TEST_NETNS: '1', [CLUSTER_BINARIES]: binaries.folder }
  return spawnSync(file, rest, { stdio: 'inherit', env }).status ?? 1
}

async function runCluster(binaries: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { nodes: { type: 'string', default: '3' } },
    allowPositionals: true,
  })
  const [file = process.env.SHELL || 'sh', ...rest] = positionals
  // Ctrl-C is for the command; the cluster ends after it.
  process.on('SIGINT', () => {})
  const cluster = await Cluster.start({ binaries, nodes: Number(values.nodes) })
  try {
    const env = { ...process.env, KUBECONFIG: cluster.plane.kubeconfigFile }
    const [code] = await once(spawn(file, rest, { stdio: 'inherit', env }), 'exit')
    return typeof code === 'number' ? code : 1
  } finally {
    await cluster.stop()
  }
}
