import * as v from 'valibot'

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))

const policyRule = v.strictObject({
  /** The NetworkPolicy, and which of its `spec.ingress`: for people. */
  origin: v.object({ policy: v.string(), ingress: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  /** Absent: everyone. */
  from: v.optional(v.array(v.object({ cidr: v.string(), except: v.array(v.string()) }))),
  /** TCP ports of the container, first and last. Absent: all. */
  ports: v.optional(v.array(v.tuple([port, port]))),
})

/**
 * All that NetworkPolicies say of who may reach some Pods from outside. Key: digest of the record, so that Pods with
 * the same answer share one. A client is admitted that one rule admits.
 */
export const policySchema = v.strictObject({
  /** Names of the NetworkPolicies that isolate the Pods. */
  policies: v.array(v.string()),
  rules: v.array(policyRule),
})

export type PolicyRecord = Readonly<v.InferOutput<typeof policySchema>>
export type PolicyRule = PolicyRecord['rules'][number]
