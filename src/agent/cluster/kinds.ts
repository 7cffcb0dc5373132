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
