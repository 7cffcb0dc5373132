import type { KubeObject } from '../../model/objects/object.ts'

/** A collection of objects that can be listed and watched. */
export interface Collection {
  readonly kind: string
  readonly isNamespaced: boolean
  /** Of one namespace, or over all of them. */
  readonly path: string
  /** As the API's `fieldSelector` has it: only those objects. */
  readonly fieldSelector?: string
}

/** A kind of object that the agent watches, over all namespaces. */
export interface WatchedKind extends Collection {
  readonly kind: KubeObject['kind']
  readonly apiVersion: string
}

/** A kind that a cluster may have: where it has not, nothing of it is missing. */
export interface OptionalKind {
  readonly kind: KubeObject['kind']
  /** The newest first. */
  readonly versions: readonly WatchedKind[]
}

/** Everything that exposing a Service depends on. The agent's Role lists the same (infra/kustomize). */
export const watchedKinds: readonly WatchedKind[] = [
  { kind: 'Service', apiVersion: 'v1', isNamespaced: true, path: '/api/v1/services' },
  {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    isNamespaced: true,
    path: '/apis/discovery.k8s.io/v1/endpointslices',
  },
  { kind: 'Pod', apiVersion: 'v1', isNamespaced: true, path: '/api/v1/pods' },
  { kind: 'Node', apiVersion: 'v1', isNamespaced: false, path: '/api/v1/nodes' },
  { kind: 'Namespace', apiVersion: 'v1', isNamespaced: false, path: '/api/v1/namespaces' },
  {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    isNamespaced: true,
    path: '/apis/networking.k8s.io/v1/networkpolicies',
  },
]

/** What tells of names in a ClusterSet (KEP-1645); read once, not watched: nothing is published of it. */
export const optionalKinds: readonly OptionalKind[] = [
  optional('ServiceExport', 'serviceexports'),
  optional('ServiceImport', 'serviceimports'),
]

function optional(kind: OptionalKind['kind'], plural: string): OptionalKind {
  const versions = ['v1beta1', 'v1alpha1'].map((version) => {
    const apiVersion = `multicluster.x-k8s.io/${version}`
    return { kind, apiVersion, isNamespaced: true, path: `/apis/${apiVersion}/${plural}` }
  })
  return { kind, versions }
}
