import * as v from 'valibot'
import type { Deployment, Manifest } from './manifests.ts'

type Labels = Readonly<Record<string, string>>

const selectorSchema = v.strictObject({
  matchLabels: v.optional(v.record(v.string(), v.string()), {}),
  matchExpressions: v.optional(
    v.array(v.strictObject({ key: v.string(), operator: v.literal('In'), values: v.array(v.string()) })),
    [],
  ),
})

/** NetworkPolicy as far as our manifests use it: anything else is refused, not overlooked. */
const policySchema = v.object({
  metadata: v.object({ namespace: v.string() }),
  spec: v.strictObject({
    podSelector: selectorSchema,
    policyTypes: v.tuple([v.literal('Ingress')]),
    ingress: v.optional(
      v.array(
        v.strictObject({
          from: v.optional(
            v.array(
              v.union([
                v.strictObject({ podSelector: selectorSchema }),
                v.strictObject({ namespaceSelector: selectorSchema }),
              ]),
            ),
          ),
          ports: v.array(v.strictObject({ port: v.string() })),
        }),
      ),
      [],
    ),
  }),
})

type Rule = v.InferOutput<typeof policySchema>['spec']['ingress'][number]

/** Who wants to connect: from outside the cluster, or a Pod. */
export type Peer =
  | { readonly type: 'outside' }
  | {
      readonly type: 'pod'
      readonly namespace: string
      readonly namespaceLabels: Labels
      readonly labels: Labels
    }

/** Whether NetworkPolicies let a peer reach a named port of a workload's Pods, as the API defines it. */
export function admits(policies: readonly Manifest[], to: Deployment, port: string, from: Peer): boolean {
  const { labels } = to.spec.template.metadata
  const isolating = policies
    .map((policy) => v.parse(policySchema, policy))
    .filter(({ metadata }) => metadata.namespace === to.metadata.namespace)
    .filter(({ spec }) => selects(spec.podSelector, labels))
  if (isolating.length === 0) return true
  return isolating.some(({ metadata, spec }) =>
    spec.ingress.some(
      (rule) => rule.ports.some((open) => open.port === port) && lets(rule, metadata.namespace, from),
    ),
  )
}

function lets({ from: peers }: Rule, namespace: string, from: Peer): boolean {
  if (peers === undefined) return true
  if (from.type === 'outside') return false
  return peers.some((peer) =>
    'podSelector' in peer
      ? from.namespace === namespace && selects(peer.podSelector, from.labels)
      : selects(peer.namespaceSelector, from.namespaceLabels),
  )
}

function selects(selector: v.InferOutput<typeof selectorSchema>, labels: Labels): boolean {
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value) &&
    selector.matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  )
}
