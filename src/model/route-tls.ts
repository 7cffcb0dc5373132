import * as v from 'valibot'

const hsts = v.strictObject({
  maxAgeSeconds: v.pipe(v.number(), v.integer(), v.minValue(0)),
  includeSubDomains: v.boolean(),
  preload: v.boolean(),
})

/** What a host asks of TLS. It stands with the host, not with a path: a handshake knows no path. */
export const routeTlsSchema = v.strictObject({
  /** Keys of certificate records that may be shown for the host, sorted. Others never are. */
  certificates: v.array(v.string()),
  /** Plain HTTP is sent to https. */
  redirect: v.boolean(),
  /** What browsers are told to remember (RFC 6797). */
  hsts: v.optional(hsts),
  /** Whose certificates clients have, or may have. Absent: nobody is asked for one. */
  clients: v.optional(
    v.strictObject({
      /** Key of an authority record. */
      authority: v.string(),
      mode: v.picklist(['require', 'optional']),
    }),
  ),
})

export type RouteTls = Readonly<v.InferOutput<typeof routeTlsSchema>>
export type Hsts = Readonly<v.InferOutput<typeof hsts>>
export type ClientAuthority = NonNullable<RouteTls['clients']>
