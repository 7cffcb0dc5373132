import * as v from 'valibot'
import { secretPartSchema } from './secret-part.ts'

const millis = v.pipe(v.number(), v.integer(), v.minValue(0))

/** A `kubernetes.io/tls` Secret. Key: namespace/name of the Secret. */
export const certificateSchema = v.strictObject({
  /** `subjectAltName` dNSNames of the leaf, in lower case, sorted. */
  hosts: v.array(v.string()),
  /** Validity of the leaf, ms since the Unix epoch. */
  notBefore: millis,
  notAfter: millis,
  /** `tls.crt`: PEM, the leaf first. */
  chain: v.string(),
  /** `tls.key`: PEM. */
  key: secretPartSchema,
})

/** What clients prove themselves with. Key: namespace/name of the Secret. */
export const credentialSchema = v.strictObject({
  type: v.picklist(['api-keys', 'basic', 'jwks', 'client-certificate']),
  /** What the type keeps in it: hashes only of keys and passwords, never these themselves. */
  secret: secretPartSchema,
})

/** Certificates of authorities, which are no secret. Key: kind/namespace/name of the Secret or ConfigMap. */
export const authoritySchema = v.strictObject({
  /** PEM, one or more. */
  certificates: v.string(),
})

/**
 * What a certificate authority asks for to see that a host is ours (RFC 8555 §8.3). Key: host/token. Read strictly: only
 * an agent of the cluster may say what is answered in a host's name.
 */
export const challengeSchema = v.strictObject({
  /** Token and thumbprint of the account's key: no secret. */
  keyAuthorization: v.pipe(v.string(), v.regex(/^[\w-]{1,256}\.[\w-]{1,128}$/)),
})

export type CertificateRecord = Readonly<v.InferOutput<typeof certificateSchema>>
export type CredentialRecord = Readonly<v.InferOutput<typeof credentialSchema>>
export type AuthorityRecord = Readonly<v.InferOutput<typeof authoritySchema>>
export type ChallengeRecord = Readonly<v.InferOutput<typeof challengeSchema>>
