import { nowhere } from '../../src/balance/place.ts'
import { hashText } from '../../src/balance/rendezvous.ts'
import type { ServedCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { Table } from '../../src/gateway/table.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { recordsOf } from './gateway.ts'

export interface ClusterFacts {
  readonly weight?: number
  /** Undefined: no table of it has been loaded. */
  readonly yaml: string | undefined
  /** Nobody has confirmed it for longer than allowed. */
  readonly isStale?: boolean
}

/** A cluster with the table that a manifest compiles to. */
export function clusterOf(name: string, { weight = 0, yaml, isStale = false }: ClusterFacts): ServedCluster {
  const table = yaml === undefined ? undefined : new Table(nowhere, name)
  if (yaml !== undefined) table?.apply(recordsOf(yaml))
  const state = new GatewayState(frozenClock)
  const present = {
    externalEndpoints: () => undefined,
    staleness: () => (isStale ? { observedMsAgo: 2, maxStaleMs: 1 } : undefined),
  }
  return { name, weight, hash: hashText(name), table: () => table, state, present }
}

export interface SiteFacts {
  readonly host?: string
  readonly namespace?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
  /** None: nothing that can serve. */
  readonly pods?: readonly string[]
  /** Whose clients alone the Pods admit. */
  readonly admits?: string
}

/** A Service at a host, with Pods in a slice, and a NetworkPolicy where that is asked for. */
export function site({
  host = 'shop.example.com',
  namespace = 'shop',
  annotations = {},
  spec = {},
  pods = [],
  admits,
}: SiteFacts): string {
  const labels = { app: 'web' }
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'web',
        namespace,
        annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': host, ...annotations },
      },
      spec: { selector: labels, ports: [{ port: 80 }], ...spec },
    },
    ...pods.map((address, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web-${index}`, namespace, labels },
      spec: { nodeName: 'node-1', containers: [{ ports: [{ containerPort: 80 }] }] },
      status: { podIP: address, conditions: [{ type: 'Ready', status: 'True' }] },
    })),
    ...(admits === undefined ? [] : [policy(namespace, admits)]),
  ]
  return objects.map((object) => JSON.stringify(object)).join('\n---\n')
}

function policy(namespace: string, cidr: string): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'guests', namespace },
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
  }
}
