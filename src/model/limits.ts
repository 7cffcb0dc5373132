import * as v from 'valibot'

const cidrs = v.array(v.string())

/** Whom a Service lets in, by true client address. `deny` wins; an absent `allow` is everyone. */
export const clientListsSchema = v.strictObject({ allow: v.optional(cidrs), deny: v.optional(cidrs) })

export type ClientListsRecord = v.InferOutput<typeof clientListsSchema>
