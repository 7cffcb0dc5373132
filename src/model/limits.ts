import * as v from 'valibot'

const cidrs = v.pipe(v.array(v.string()), v.readonly())

/** Whom a Service lets in, by true client address. `deny` wins; an absent `allow` is everyone. */
export const clientListsSchema = v.strictObject({ allow: v.optional(cidrs), deny: v.optional(cidrs) })

const count = v.pipe(v.number(), v.integer(), v.minValue(1))

/** How much a Service takes, by annotation. What is absent has no limit of the Service's own. */
export const limitsSchema = v.strictObject({
  bodyBytes: v.optional(count),
  /** Of all header fields, as HTTP/1.1 writes them. */
  headerBytes: v.optional(count),
  /** Requests under way at once, in each gateway. */
  concurrent: v.optional(count),
})

export type LimitsRecord = Readonly<v.InferOutput<typeof limitsSchema>>
export type ClientListsRecord = v.InferOutput<typeof clientListsSchema>
