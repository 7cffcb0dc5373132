import * as v from 'valibot'

/** Every annotation of ours starts with this. */
export const PREFIX = 'postern.dev/'

/** An absent or null map is an empty one, as the API server reads it. */
const textMap = v.nullish(v.record(v.string(), v.string()), {})

export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))

/** A field that may be absent or null: both read as undefined. */
export function maybe<S extends v.GenericSchema>(schema: S) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  )
}

/** A list that may be absent or null: both read as empty. */
export function list<S extends v.GenericSchema>(schema: S) {
  return v.pipe(
    v.nullish(v.array(schema), []),
    // Lists that were pushed to have room for sixteen more: too much beside the one address of a Pod.
    v.transform((items) => items.slice()),
  )
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const dnsLabel = v.pipe(v.string(), v.regex(DNS_LABEL, 'is not a DNS label'))
/** Names become parts of keys and hostnames, so what the API server would refuse is refused here too. */
const dnsSubdomain = v.pipe(
  v.string(),
  v.maxLength(253),
  v.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'is not a DNS subdomain'),
)

const common = {
  name: dnsSubdomain,
  uid: v.nullish(v.string(), ''),
  /** RFC 3339; '' when the object has none (a manifest that was never applied). */
  creationTimestamp: v.nullish(v.string(), ''),
  deletionTimestamp: maybe(v.string()),
  labels: textMap,
  annotations: textMap,
}

/** ObjectMeta of a namespaced object, stripped to what is used. */
export const namespacedMeta = v.object({ ...common, namespace: v.nullish(dnsLabel, 'default') })

/**
 * The same without annotations and age: of most kinds nobody reads them, and an agent that holds a hundred thousand Pods
 * would hold what network plugins and deployers wrote on each.
 */
export const leanMeta = v.omit(namespacedMeta, ['annotations', 'creationTimestamp'])

/**
 * ObjectMeta of an object that restricts access: left out for a wrong label, it would open what it protects. Only what
 * says which one it is must be right.
 */
export const restrictingMeta = v.object({
  name: dnsSubdomain,
  namespace: v.nullish(dnsLabel, 'default'),
  uid: v.fallback(common.uid, ''),
  creationTimestamp: v.fallback(common.creationTimestamp, ''),
  deletionTimestamp: v.fallback(common.deletionTimestamp, undefined),
  labels: v.fallback(textMap, {}),
})

/** ObjectMeta of a cluster-scoped object. */
export const clusterMeta = v.pipe(
  v.object(common),
  v.transform((meta) => ({ ...meta, namespace: '' })),
)

export const leanClusterMeta = v.pipe(
  v.omit(v.object(common), ['annotations', 'creationTimestamp']),
  v.transform((meta) => ({ ...meta, namespace: '' })),
)

export type Meta = v.InferOutput<typeof namespacedMeta>

/** RFC 1123, as the API server checks the names of namespaces and the hostnames of endpoints. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text)
}
