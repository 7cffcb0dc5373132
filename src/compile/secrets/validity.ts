import type { CertificateRecord } from '../../model/credential-records.ts'
import type { Fault } from './fault.ts'

const DAY_MS = 86_400_000
/** Whoever renews certificates by a machine does it earlier: it has failed by then. */
const SOON_MS = 7 * DAY_MS

/** What is wrong with a certificate at a moment. Gateways show it all the same: a client says more of it than a refusal. */
export function validityFaults(
  name: string,
  { notBefore, notAfter }: CertificateRecord,
  at: number,
): readonly Fault[] {
  if (at >= notAfter) return [untimely(name, 'error', 'has expired')]
  if (at < notBefore) return [untimely(name, 'error', 'is not valid yet')]
  if (at + SOON_MS < notAfter) return []
  const days = Math.ceil((notAfter - at) / DAY_MS)
  return [untimely(name, 'warning', `expires within ${days === 1 ? 'a day' : `${days} days`}`)]
}

function untimely(name: string, severity: Fault['severity'], what: string): Fault {
  return {
    code: 'certificate-untimely',
    severity,
    message: `The certificate of Secret ${name} ${what}`,
    hint: 'Have it renewed: write the new one into the Secret, and gateways take it up at once. What renews it, such as cert-manager, tells why it has not.',
  }
}
