import type { Collection } from '../../src/source/collect.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { readStdin } from './stdin.ts'

export function readFiles(paths: readonly string[]): Promise<Collection> {
  return new ManifestSource(paths, readStdin).read()
}

/** All that is in a cluster now. What talks to the API is loaded only when it is needed. */
export async function readCluster(kubeconfig: string): Promise<Collection> {
  const [{ KubeApi }, { readObjects }, { loadKubeConfig }] = await Promise.all([
    import('../../src/agent/cluster/kube-api.ts'),
    import('../../src/agent/cluster/read-objects.ts'),
    import('./kubeconfig.ts'),
  ])
  const api = new KubeApi(await loadKubeConfig(kubeconfig))
  const observation = await readObjects(api, new AbortController().signal)
  return { ...observation, places: new Map() }
}
