import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import type { Pod } from '../model/objects/pod.ts'
import type { Service } from '../model/objects/service.ts'
import type { Workload } from '../model/objects/workload.ts'

/** On each Pod of a StatefulSet, so that a Service can be given to one of them. */
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name'

export type Labels = Readonly<Record<string, string>>

/** Whether an equality selector picks an object. An empty selector picks nothing, as for a Service. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** What else is in the Service's namespace, and its slices as they stand. */
export interface Surroundings {
  readonly pod: (name: string) => Pod | undefined
  readonly pods: () => readonly Pod[]
  readonly workloads: () => readonly Workload[]
  readonly slices: () => readonly EndpointSlice[]
}

/**
 * The Pods behind a Service: of its endpoints; without any, those that it selects.
 * @param endpoints the Pod of each, if it has one
 */
export function podsBehind(
  service: Service,
  endpoints: readonly (string | undefined)[],
  around: Surroundings,
): readonly Pod[] {
  if (endpoints.length === 0) return podsSelected(service.spec.selector, around)
  return endpoints.flatMap((name) => (name === undefined ? [] : (around.pod(name) ?? [])))
}

/** The Pods that a selector picks; without any, those that templates would make. */
export function podsSelected(
  selector: Labels | undefined,
  { pods, workloads }: Pick<Surroundings, 'pods' | 'workloads'>,
): readonly Pod[] {
  const selected = pods().filter(({ meta }) => selects(selector, meta.labels))
  if (selected.length > 0) return selected
  return workloads()
    .filter((workload) => makes(workload, selector))
    .map(podOfTemplate)
}

/** Whether a selector picks Pods that a workload makes. Those of a StatefulSet have labels of their own as well. */
export function makes({ kind, meta, spec }: Workload, selector: Labels | undefined): boolean {
  const { labels } = spec.template.metadata
  const ordinal = /^(.+)-(\d+)$/.exec(selector?.[POD_NAME_LABEL] ?? '')
  const number = Number(ordinal?.[2]) - (spec.ordinals?.start ?? 0)
  const isNumbered = number >= 0 && number < (spec.replicas ?? 1)
  const isOfSet = kind === 'StatefulSet' && ordinal?.[1] === meta.name && isNumbered
  return selects(selector, isOfSet ? { ...labels, [POD_NAME_LABEL]: ordinal[0] } : labels)
}

function podOfTemplate({ meta, spec }: Workload): Pod {
  const { template } = spec
  return {
    kind: 'Pod',
    meta: { ...meta, labels: template.metadata.labels },
    spec: { ...template.spec, nodeName: undefined, hostname: undefined, subdomain: undefined },
    status: { phase: '', addresses: [], conditions: [], containerStatuses: [] },
  }
}
