import { X509Certificate } from 'node:crypto'
import type { Random } from '../../model/clock.ts'
import type { HeldSecret } from './acme-secrets.ts'

/** At two thirds of the lifetime, as authorities advise; and a little earlier by lot, so that not all come at once. */
const RENEW_AT = 2 / 3
const JITTER = 1 / 20

/** When a Secret's certificate is to be had anew (ms since the Unix epoch); 0 when there is none for all these hosts. */
export function renewalAt(held: HeldSecret | undefined, hosts: readonly string[], random: Random): number {
  const chain = held?.entries['tls.crt'] ?? ''
  if (chain === '') return 0
  try {
    const certificate = new X509Certificate(chain)
    const names = new Set(certificate.subjectAltName?.split(', ') ?? [])
    // One that is for a host which is not ours any more is had anew as well.
    if (names.size !== hosts.length || !hosts.every((host) => names.has(`DNS:${host}`))) return 0
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
    return from + (to - from) * (RENEW_AT - JITTER * random())
  } catch {
    return 0
  }
}
