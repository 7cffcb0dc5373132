import type { CertificateRecord } from '../../model/credential-records.ts'
import type { Fault } from './fault.ts'

/** The hosts for which none of the certificates is: clients would refuse it. */
export function coverageFaults(
  hosts: readonly string[],
  certificates: readonly CertificateRecord[],
): readonly Fault[] {
  const names = new Set(certificates.flatMap((certificate) => certificate.hosts))
  return hosts
    .filter((host) => !isCovered(host, names))
    .map((host) => ({
      code: 'certificate-names',
      severity: 'warning',
      message: `No certificate that the Service names is for ${host}`,
      hint: `Have ${host} among the certificate's DNS names (subjectAltName), or name the Secret of one that has it.`,
    }))
}

/** RFC 6125 §6.4.3: `*` stands for exactly one label. A wildcard host is covered as far as a certificate can. */
function isCovered(host: string, names: ReadonlySet<string>): boolean {
  return names.has(host) || names.has(host.replace(/^[^.]+/, '*'))
}
