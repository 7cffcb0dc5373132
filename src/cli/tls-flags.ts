import { parseAddress } from './address-values.ts'
import { flag, optionalFlag } from './flag.ts'
import { parseText, type ValueParse } from './values.ts'

/** How TLS is spoken with clients: docs/tls.md. */
export const tlsFlags = {
  httpsListen: optionalFlag(
    'https-listen',
    'HOST:PORT',
    ['POSTERN_HTTPS_LISTEN'],
    'where clients are answered by TLS; by default nowhere',
    parseAddress,
  ),
  defaultCertificate: optionalFlag(
    'default-certificate',
    'NAMESPACE/NAME',
    ['POSTERN_DEFAULT_CERTIFICATE'],
    'the published certificate for hosts that name none of their own',
    parseSecretName,
  ),
  tlsCert: optionalFlag(
    'tls-cert',
    'FILE',
    ['POSTERN_TLS_CERT'],
    'the same from a PEM file with its chain, read again when it changes',
    parseText,
  ),
  tlsKey: optionalFlag('tls-key', 'FILE', ['POSTERN_TLS_KEY'], 'its key', parseText),
  tlsMinVersion: flag('tls-min-version', '1.2|1.3', '1.2', 'the oldest TLS that is spoken', parseTlsVersion),
  ticketKeys: optionalFlag(
    'ticket-keys',
    'FILE',
    ['POSTERN_TICKET_KEYS'],
    'keys of session tickets that gateways share: 48 bytes in base64 on each line, the first one makes new ones; read again when it changes',
    parseText,
  ),
} as const

interface TlsValues {
  readonly httpsListen: unknown
  readonly defaultCertificate: string | undefined
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly ticketKeys: string | undefined
}

/** What does not go together, and what has no effect. */
export function checkTls(values: TlsValues, faults: string[]): void {
  const { httpsListen, defaultCertificate, tlsCert, tlsKey, ticketKeys } = values
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    faults.push(`${tlsFlags.tlsCert.name} and ${tlsFlags.tlsKey.name} are given together`)
  }
  if (defaultCertificate !== undefined && tlsCert !== undefined) {
    faults.push(`${tlsFlags.defaultCertificate.name} and ${tlsFlags.tlsCert.name} exclude each other`)
  }
  const isUnused = httpsListen === undefined
  if (isUnused && (defaultCertificate ?? tlsCert ?? tlsKey ?? ticketKeys) !== undefined) {
    faults.push(`Certificates and ticket keys have no use without ${tlsFlags.httpsListen.name}`)
  }
}

function parseTlsVersion(text: string): ValueParse<'TLSv1.2' | 'TLSv1.3'> {
  return text === '1.2' || text === '1.3'
    ? { ok: true, value: `TLSv${text}` }
    : { ok: false, reason: 'neither 1.2 nor 1.3' }
}

function parseSecretName(text: string): ValueParse<string> {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not NAMESPACE/NAME of a Secret' }
}
