import * as v from 'valibot'
import { placeSchema } from './jwt-policy.ts'

/** Key of a credential record: namespace/name of the Secret. */
const credential = v.string()
const places = v.pipe(v.array(placeSchema), v.minLength(1))

const apiKeys = v.strictObject({
  credential,
  /** The first in which there is a key counts. */
  places,
  /** The field in which the application gets the key's id; clients cannot send it. */
  field: v.optional(v.string()),
})

const basic = v.strictObject({
  credential,
  /** RFC 9110 §11.5: what browsers show their users. */
  realm: v.string(),
  /** The field in which the application gets the user's name; clients cannot send it. */
  field: v.optional(v.string()),
})

const authCall = v.strictObject({
  url: v.string(),
  /** Where clients who were answered 401 are sent instead. */
  signIn: v.optional(v.string()),
  /** Fields of the answer that the application gets; clients cannot send these. */
  fields: v.array(v.string()),
  /** Absent: every request is asked about. */
  cache: v.optional(
    v.strictObject({
      forMs: v.pipe(v.number(), v.integer(), v.minValue(1)),
      /** What of a request proves who its client is: the whole of these fields and cookies. */
      by: v.pipe(
        v.array(v.strictObject({ in: v.picklist(['header', 'cookie']), name: v.string() })),
        v.minLength(1),
      ),
    }),
  ),
})

/** How clients prove who they are, beside tokens: all that is here must be given (docs/auth.md). */
export const accessPolicySchema = v.strictObject({
  apiKeys: v.optional(apiKeys),
  basic: v.optional(basic),
  call: v.optional(authCall),
})

export type AccessPolicy = Readonly<v.InferOutput<typeof accessPolicySchema>>
export type ApiKeysPolicy = Readonly<v.InferOutput<typeof apiKeys>>
export type BasicPolicy = Readonly<v.InferOutput<typeof basic>>
export type AuthCallPolicy = Readonly<v.InferOutput<typeof authCall>>
export type CachePart = NonNullable<AuthCallPolicy['cache']>['by'][number]
