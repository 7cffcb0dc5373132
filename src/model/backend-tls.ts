import * as v from 'valibot'

/** How the endpoints of a Service are spoken to over TLS, and who they must prove to be. */
export const backendTlsSchema = v.strictObject({
  /** Sent as SNI, and what the certificate must be for unless `names` says otherwise. A DNS name in lower case. */
  serverName: v.string(),
  /** The certificate must be for one of these instead (`subjectAltNames` of Gateway API's BackendTLSPolicy). */
  names: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  /** Key of the authority record that vouches for them. Absent: the roots that the gateway's platform trusts. */
  authority: v.optional(v.string()),
  /** Key of the credential record (`client-certificate`) that the gateway shows them. Absent: none. */
  clientCertificate: v.optional(v.string()),
  /** False: whoever answers there is believed. */
  verify: v.boolean(),
})

export type BackendTls = Readonly<v.InferOutput<typeof backendTlsSchema>>
