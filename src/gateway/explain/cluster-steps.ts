import type { Step } from '../road.ts'
import type { ExplainedStep } from './explanation.ts'
import type { ExplainedCluster } from './parts.ts'

/** What each cluster is asked anew, and answers alike. */
const SAME: ReadonlySet<Step['step']> = new Set<Step['step']>(['client', 'method', 'host'])

/** Whether a step is told: not what every cluster answers alike, nor which cluster is asked where there is one only. */
export function isTold(
  { step }: Step,
  cluster: ExplainedCluster,
  clusters: readonly ExplainedCluster[],
): boolean {
  if (step === 'cluster') return clusters.length > 1
  return cluster === clusters[0] || !SAME.has(step)
}

/** That another cluster is looked at from here on, with its share of what it and others can serve. */
export function clusterStep(
  { cluster, isLoaded }: Extract<Step, { step: 'cluster' }>,
  clusters: readonly ExplainedCluster[],
): ExplainedStep {
  const weight = clusters.find(({ name }) => name === cluster)?.weight ?? 0
  const share = weight === 0 ? 'only when the others cannot serve' : `weight ${weight}`
  return {
    step: 'cluster',
    verdict: isLoaded ? 'pass' : 'stop',
    summary: isLoaded ? `${cluster}, ${share}` : `${cluster}: no table of it has been loaded yet`,
    details: [],
  }
}

/** That what the cluster holds does not count. */
export function namespaceStep({
  cluster,
  host,
  namespace,
  owner,
}: Extract<Step, { step: 'namespace' }>): ExplainedStep {
  const summary = `${host} is namespace ${owner}'s, and ${namespace}'s in ${cluster}: it is passed over`
  return { step: 'namespace', verdict: 'stop', summary, details: [] }
}
