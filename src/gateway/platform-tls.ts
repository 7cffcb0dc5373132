import type { TableService } from './table-service.ts'

/** What keeps a Service from being reached over TLS, where the platform verifies the name that it dials by its own roots. */
export interface TlsLimit {
  readonly field: string
  readonly message: string
  readonly hint: string
}

const HINT = 'Serve this hostname by a Node.js gateway (docs/tls-backends.md)'

/** Undefined: it can be reached, or is in the clear. */
export function tlsLimit({ tls, record: { target } }: TableService): TlsLimit | undefined {
  if (tls === undefined) return undefined
  const { authority, clientCertificate, verify, serverName, names = [serverName] } = tls.settings
  if (authority !== undefined) {
    return limit('ca', `cannot verify endpoints by ${authority}, only by public authorities`)
  }
  if (clientCertificate !== undefined)
    return limit('client-certificate', 'cannot show endpoints a certificate')
  if (!verify) return limit('verify', 'cannot speak TLS with endpoints whose certificate it may not look at')
  const dialled = target.type === 'external' ? target.name : undefined
  const isTheOne = [serverName, ...names].every((name) => name === dialled)
  return isTheOne ? undefined : limit('server-name', 'verifies the name that it dials, and no other')
}

function limit(annotation: string, what: string): TlsLimit {
  const field = `metadata.annotations["postern.dev/backend-tls-${annotation}"]`
  return { field, message: `The platform of this gateway ${what}: every request is answered 501`, hint: HINT }
}
