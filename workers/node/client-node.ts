import nodeModule from 'node:module'
import type { KubeConfig } from '@kubernetes/client-node'

const CONFIG = '/@kubernetes/client-node/dist/config.js'
/** Every model and API of Kubernetes: 20 MB of the heap, and twice that beside it, for two functions. */
const GENERATED = './gen/index.js'

/**
 * Loads client-node's `KubeConfig`, which knows all ways to a cluster, without the API classes and models that its own
 * import brings along and that nobody here uses. Were that import to change, or where
 * a runtime has no hooks, it would be loaded as it is.
 */
export async function importKubeConfig(): Promise<typeof KubeConfig> {
  const url = new URL('./kube-configuration.ts', import.meta.url).href
  if (!('registerHooks' in nodeModule)) return (await import('@kubernetes/client-node')).KubeConfig
  const hooks = nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      specifier === GENERATED && context.parentURL?.endsWith(CONFIG)
        ? { url, shortCircuit: true }
        : next(specifier, context),
  })
  try {
    return (await import('@kubernetes/client-node/dist/config.js')).KubeConfig
  } finally {
    hooks.deregister()
  }
}
