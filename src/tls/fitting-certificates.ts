import type { CertificateRecord } from '../model/credential-records.ts'

/** A certificate record, and by what name it is known. */
export interface KeyedCertificate {
  readonly key: string
  readonly record: CertificateRecord
}

/**
 * Those of a host's certificates that are made out for a name, the best first: those that hold now, then those that name it
 * exactly, then those that hold longest. A wildcard stands for one label (RFC 9525 §6.3).
 *
 * @param name as hosts are stored
 * @param now ms since the Unix epoch
 */
export function fittingCertificates(
  keys: readonly string[],
  find: (key: string) => CertificateRecord | undefined,
  name: string,
  now: number,
): readonly KeyedCertificate[] {
  const fitting: KeyedCertificate[] = []
  for (const key of keys) {
    const record = find(key)
    if (record !== undefined && covers(record, name)) fitting.push({ key, record })
  }
  if (fitting.length < 2) return fitting
  return fitting.sort(
    (a, b) =>
      Number(holds(b.record, now)) - Number(holds(a.record, now)) ||
      Number(b.record.hosts.includes(name)) - Number(a.record.hosts.includes(name)) ||
      b.record.notAfter - a.record.notAfter,
  )
}

export function covers({ hosts }: CertificateRecord, name: string): boolean {
  const dot = name.indexOf('.')
  return hosts.includes(name) || (dot > 0 && hosts.includes(`*${name.slice(dot)}`))
}

function holds({ notBefore, notAfter }: CertificateRecord, now: number): boolean {
  return notBefore <= now && now <= notAfter
}
