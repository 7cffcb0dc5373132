import type { Cluster } from './cluster.ts'
import { readReadyAddresses } from './reads.ts'
import { waitFor } from './wait-for.ts'

export interface Deployment {
  readonly namespace: string
  readonly service?: string
  /** How many Pods become ready. */
  readonly count: number
}

/** Applies a workload in a new namespace, and waits until all its Pods are in the slices, ready. Gives their addresses. */
export async function deploy(
  cluster: Cluster,
  yaml: string,
  deployment: Deployment,
): Promise<readonly string[]> {
  await cluster.createNamespace(deployment.namespace)
  await cluster.objects.apply(yaml, { namespace: deployment.namespace })
  return await waitForReady(cluster, deployment)
}

/** Waits until a Service has exactly so many ready endpoints. Gives their addresses, sorted. */
export async function waitForReady(
  cluster: Cluster,
  { namespace, service = 'web', count }: Deployment,
): Promise<readonly string[]> {
  return await waitFor(
    `${count} ready endpoints of ${namespace}/${service}`,
    () => readReadyAddresses(cluster, namespace, service),
    (addresses) => addresses.length === count,
    { timeoutMs: 25_000 },
  )
}
