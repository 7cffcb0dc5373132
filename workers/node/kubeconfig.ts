import type { KubeConfig } from '@kubernetes/client-node'
import { importKubeConfig } from './client-node.ts'

/** What client-node takes for the default when there is neither a kubeconfig nor a cluster around. */
const NOWHERE = 'http://localhost:8080'

/** How to reach a cluster. @throws Error that names the file. */
export async function loadKubeConfig(file: string | undefined): Promise<KubeConfig> {
  const config = new (await importKubeConfig())()
  try {
    if (file === undefined) config.loadFromDefault()
    else config.loadFromFile(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot read kubeconfig ${file ?? '(the default one)'}: ${reason}`, { cause })
  }
  if (file === undefined && config.getCurrentCluster()?.server === NOWHERE) {
    throw new Error('Cannot find a cluster: give --kubeconfig, set KUBECONFIG, or run inside one')
  }
  if (config.getCurrentCluster() === null) {
    throw new Error(`Cannot use kubeconfig ${file ?? '(the default one)'}: it names no current cluster`)
  }
  return config
}
