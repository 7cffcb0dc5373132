import type { KubeObject } from '../../model/objects/object.ts'

/** A kind of object that the agent watches. */
export interface WatchedKind {
  readonly kind: KubeObject['kind']
  readonly apiVersion: string
  readonly isNamespaced: boolean
  /** Of the collection, over all namespaces. */
  readonly path: string
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
