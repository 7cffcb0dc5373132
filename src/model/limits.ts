import * as v from 'valibot'

const cidrs = v.pipe(v.array(v.string()), v.readonly())

/** Whom a Service lets in, by true client address. `deny` wins; an absent `allow` is everyone. */
export const clientListsSchema = v.strictObject({ allow: v.optional(cidrs), deny: v.optional(cidrs) })

const count = v.pipe(v.number(), v.integer(), v.minValue(1))

const pace = {
  /** So many in the period, evenly. */
  count,
  periodMs: count,
  /** So many at once after a quiet time. */
  burst: count,
  /** Who shares an allowance. */
  key: v.variant('type', [
    v.strictObject({ type: v.literal('client') }),
    v.strictObject({ type: v.literal('route') }),
    /** Clients that send the same value; without the field each by itself. The name is in lower case. */
    v.strictObject({ type: v.literal('header'), name: v.string() }),
    /** Those whose verified token says the same by this claim; without it each client by itself. */
    v.strictObject({ type: v.literal('claim'), name: v.string() }),
    /** Those who come with the same API key, by its id. */
    v.strictObject({ type: v.literal('api-key') }),
  ]),
  /** Clients are told of it only when they are refused. */
  quiet: v.optional(v.literal(true)),
}

const rate = v.variant('scope', [
  /** Counted by each gateway for itself. */
  v.strictObject({ ...pace, scope: v.literal('local') }),
  /** By all of them together. `onError`: whether requests go on while that cannot be done. */
  v.strictObject({ ...pace, scope: v.literal('shared'), onError: v.picklist(['open', 'closed']) }),
])

/** How much a Service takes, by annotation. What is absent has no limit of the Service's own. */
export const limitsSchema = v.strictObject({
  bodyBytes: v.optional(count),
  /** Of all header fields, as HTTP/1.1 writes them. */
  headerBytes: v.optional(count),
  /** Requests under way at once, in each gateway. */
  concurrent: v.optional(count),
  rate: v.optional(rate),
})

export type RateLimit = Readonly<v.InferOutput<typeof rate>>
export type LimitsRecord = Readonly<v.InferOutput<typeof limitsSchema>>
export type ClientListsRecord = v.InferOutput<typeof clientListsSchema>
