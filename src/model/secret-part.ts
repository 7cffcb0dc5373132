import * as v from 'valibot'

/**
 * The part of a record that only gateways may read. `open` is for a registry that never leaves the process, and for
 * development; what is published to anybody else is `sealed`.
 */
export const secretPartSchema = v.variant('form', [
  v.strictObject({ form: v.literal('open'), text: v.string() }),
  v.strictObject({
    form: v.literal('sealed'),
    /** Tells one content from another to whoever holds the agent's key, and says nothing to others. */
    tag: v.string(),
    /** JWE in the general JSON serialisation (RFC 7516 §7.2.1), a recipient for each key of the gateways. */
    jwe: v.string(),
  }),
])

export type SecretPart = Readonly<v.InferOutput<typeof secretPartSchema>> & {
  /** Whose record it stands in, where a gateway serves several clusters: said by its table, and by no registry. */
  readonly cluster?: string
}

/** A part as the table of a cluster holds it. @param cluster undefined where there is only one */
export function ofCluster(part: SecretPart, cluster: string | undefined): SecretPart {
  return cluster === undefined ? part : { ...part, cluster }
}

/** Reads what only gateways may. Rejects with an Error that names record and reason, never the content. */
export type OpenSecret = (part: SecretPart, recordId: string) => Promise<string>
