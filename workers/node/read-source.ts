import type { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { referencesOf } from '../../src/compile/service.ts'
import type { Collection } from '../../src/source/collect.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { readStdin } from './stdin.ts'

export function readFiles(paths: readonly string[]): Promise<Collection> {
  return new ManifestSource(paths, readStdin).read()
}

/** All that is in a cluster now, and the Secrets that exposed Services name, as far as whoever asks may read them. */
export async function readCluster(kubeconfig: string, options: CompileOptions): Promise<Collection> {
  const [api, { readObjects }, { readSecrets }] = await Promise.all([
    connect(kubeconfig),
    import('../../src/agent/cluster/read-objects.ts'),
    import('../../src/agent/secrets/read-secrets.ts'),
  ])
  const { signal } = new AbortController()
  const { objects, problems } = await readObjects(api, signal)
  const references = [...objects.values()].flatMap((object) =>
    object.kind === 'Service' ? referencesOf(object, options) : [],
  )
  const named = await readSecrets(api, references, signal)
  return {
    objects: new Map([...objects, ...named.objects]),
    problems: [...problems, ...named.problems],
    places: new Map(),
    withheld: named.withheld,
  }
}

/** The Services of a cluster alone. */
export async function readServices(kubeconfig: string): Promise<Collection> {
  const [api, { readObjects }, { watchedKinds }] = await Promise.all([
    connect(kubeconfig),
    import('../../src/agent/cluster/read-objects.ts'),
    import('../../src/agent/cluster/kinds.ts'),
  ])
  const kinds = watchedKinds.filter(({ kind }) => kind === 'Service')
  return { ...(await readObjects(api, new AbortController().signal, kinds, [])), places: new Map() }
}

/** What talks to the API is loaded only when it is needed. */
async function connect(kubeconfig: string): Promise<KubeApi> {
  const [{ KubeApi }, { loadKubeConfig }] = await Promise.all([
    import('../../src/agent/cluster/kube-api.ts'),
    import('./kubeconfig.ts'),
  ])
  return new KubeApi(await loadKubeConfig(kubeconfig))
}
