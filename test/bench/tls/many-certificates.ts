import { makeAuthority, newKeys } from '../../support/certificate-maker.ts'
import { hostName } from '../workload.ts'

export interface NamedCertificate {
  readonly host: string
  readonly cert: string
  readonly key: string
  /** ms since the Unix epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/** One for each host. They share a pair of keys, which no proxy makes use of: each of them is kept by itself. */
export function makeCertificates(count: number): readonly NamedCertificate[] {
  const authority = makeAuthority()
  const keys = newKeys('ec')
  return Array.from({ length: count }, (_, at) => {
    const host = hostName(at)
    return { host, ...authority.issue({ hosts: [host], keys }) }
  })
}
