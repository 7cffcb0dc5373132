import { KubeConfig } from '@kubernetes/client-node'

/** How to reach a cluster. @throws Error that names the file. */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig()
  try {
    if (file === undefined) config.loadFromDefault()
    else config.loadFromFile(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot read kubeconfig ${file ?? '(the default one)'}: ${reason}`, { cause })
  }
  if (config.getCurrentCluster() === null) {
    throw new Error(`Cannot use kubeconfig ${file ?? '(the default one)'}: it names no current cluster`)
  }
  return config
}
