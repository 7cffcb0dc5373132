import type { ErrorCode } from '../../model/errors.ts'
import type { RouteTls } from '../../model/route-tls.ts'
import type { Step } from '../road.ts'
import type { ExplainedStep } from './explanation.ts'

/** What the host asks of TLS, and whether the request may go on as it came. */
export function tlsStep({
  route,
  peer,
  client,
  error,
}: Extract<Step, { step: 'tls' }>): Omit<ExplainedStep, 'verdict'> {
  const details = askedOf(route.tls)
  const came = `came by ${client.scheme}${peer.tls === undefined && client.scheme === 'https' ? ', as far as its URL and proxies say' : ''}`
  return {
    step: 'tls',
    summary: error === undefined ? `${came}: goes on` : `${came}: ${WHY[error] ?? error}`,
    details,
  }
}

const WHY: Partial<Record<ErrorCode, string>> = {
  'tls-required':
    'is sent to https, says postern.dev/tls-redirect (true by default where a certificate is named)',
  'rule-unavailable': 'is refused, for the authority that postern.dev/client-ca names cannot be read',
  'client-certificate-missing':
    'is refused without a certificate, says postern.dev/client-ca; who has one comes by https, to this gateway itself',
  misdirected: 'its connection was negotiated for another host',
}

function askedOf(tls: RouteTls | undefined): string[] {
  if (tls === undefined) return ["certificate: the gateway's own"]
  const { certificates, redirect, hsts, clients } = tls
  return [
    `certificate: ${certificates.length === 0 ? "the gateway's own" : certificates.join(', ')}`,
    `plain HTTP: ${redirect ? 'is sent to https' : 'is answered too'}`,
    ...(hsts === undefined ? [] : [`browsers are told to come by https for ${hsts.maxAgeSeconds} s`]),
    ...(clients === undefined ? [] : [`clients' certificates: ${clients.mode}, of ${clients.authority}`]),
  ]
}
