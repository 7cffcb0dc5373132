import { makes } from '../compile/backing.ts'
import { isDnsLabel } from '../model/objects/meta.ts'
import type { Service } from '../model/objects/service.ts'
import type { Workload } from '../model/objects/workload.ts'

/** More than any StatefulSet has: a slip of the pen must not fill the memory. */
const MAX_PODS = 1_000

/**
 * What the Pods will be called that StatefulSets make for a headless Service: `<set>-<ordinal>`, from
 * `spec.ordinals.start` on (kubernetes.io, StatefulSet basics). None where the Service does not select them.
 */
export function statefulSetPods({ meta, spec }: Service, workloads: readonly Workload[]): string[] {
  const { selector } = spec
  if (selector === undefined || Object.keys(selector).length === 0) return []
  return workloads
    .filter((workload) => workload.kind === 'StatefulSet' && workload.meta.namespace === meta.namespace)
    .filter((set) => set.spec.serviceName === meta.name && makes(set, selector))
    .flatMap(podsOf)
}

function podsOf({ meta, spec }: Workload): string[] {
  const length = Math.min(spec.replicas ?? 1, MAX_PODS)
  const start = spec.ordinals?.start ?? 0
  return Array.from({ length }, (_none, index) => `${meta.name}-${start + index}`).filter(isDnsLabel)
}
