import * as v from 'valibot'
import { list, maybe, restrictingMeta } from './meta.ts'
import { labelSelectorSchema, selector } from './selector.ts'

/**
 * A part that cannot be read must not take the whole policy away: without it, what it protects would stand open.
 * It stays, as a part that admits nobody.
 */
function orUnreadable<S extends v.GenericSchema>(schema: S) {
  return v.union([schema, unreadable])
}

const unreadable = v.pipe(
  v.unknown(),
  v.transform(() => 'unreadable' as const),
)

/** Selectors name Pods, never an outside client: of interest only for whether the gateway is among them. */
const peer = v.object({
  ipBlock: maybe(v.object({ cidr: v.string(), except: list(v.string()) })),
  podSelector: maybe(orUnreadable(selector)),
  namespaceSelector: maybe(orUnreadable(selector)),
})

const policyPort = v.object({
  protocol: v.nullish(v.string(), 'TCP'),
  port: maybe(v.union([v.pipe(v.number(), v.integer()), v.string()])),
  endPort: maybe(v.pipe(v.number(), v.integer())),
})

const ingressRule = v.object({ from: list(orUnreadable(peer)), ports: list(orUnreadable(policyPort)) })

const UNREADABLE = { podSelector: 'unreadable', ingress: 'unreadable', policyTypes: 'unreadable' } as const

/** networking.k8s.io/v1 NetworkPolicy, its ingress half. */
export const networkPolicySchema = v.object({
  kind: v.literal('NetworkPolicy'),
  meta: restrictingMeta,
  spec: v.fallback(
    v.object({
      podSelector: v.nullish(orUnreadable(labelSelectorSchema), { matchLabels: {}, matchExpressions: [] }),
      ingress: v.nullish(orUnreadable(v.array(orUnreadable(ingressRule))), []),
      policyTypes: v.nullish(orUnreadable(v.array(v.string())), []),
    }),
    UNREADABLE,
  ),
})

export type NetworkPolicy = v.InferOutput<typeof networkPolicySchema>
