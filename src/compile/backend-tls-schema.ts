import { excerpt } from '../model/excerpt.ts'
import { normaliseHost } from '../model/host.ts'
import { type Annotation, type AnnotationParse, define } from './annotation.ts'
import { type AuthorityName, parseAuthorityName, parseSecretName } from './secrets/schema.ts'

/** They say who is believed, and a check that is guessed at is none. */
const CLOSED = '503 for every request'

const MAX_NAMES = 16

/** Where certificates of authorities are: an object of the Service's own namespace, or the platform's roots. */
export type AuthorityRef = 'system' | AuthorityName

function guard<T>(annotation: Omit<Annotation<T>, 'whenInvalid'>): Annotation<T> {
  return define({ ...annotation, whenInvalid: CLOSED })
}

/** How endpoints are spoken to over TLS: docs/tls-backends.md tells how these go together. */
export const backendTlsAnnotations = {
  backendProtocol: guard({
    name: 'backend-protocol',
    summary:
      'Whether endpoints are spoken to over TLS, where `appProtocol` of the port does not say so: that comes first, and may not say otherwise.',
    takes: '`http` or `https`; WebSocket goes over either',
    otherwise: 'what `appProtocol` says; `http` without it',
    example: 'https',
    parse: parseBackendProtocol,
  }),
  backendTlsCa: guard({
    name: 'backend-tls-ca',
    summary: 'Who vouches for the certificates of the endpoints, when they are spoken to over TLS.',
    takes:
      '`secret/NAME` or `configmap/NAME` of the same namespace, with PEM certificates in `ca.crt`; `system` for the roots that the gateway’s platform trusts',
    otherwise: '`system`',
    example: 'configmap/internal-ca',
    parse: parseAuthority,
  }),
  backendTlsServerName: guard({
    name: 'backend-tls-server-name',
    summary: 'The name that endpoints are asked for (SNI), and that their certificate must be for.',
    takes: 'a hostname, without wildcard; no address',
    otherwise: '`<service>.<namespace>.svc`; the `externalName` of an ExternalName Service',
    example: 'orders.internal.example.com',
    parse: parseServerName,
  }),
  backendTlsSubjectAltNames: guard({
    name: 'backend-tls-subject-alt-names',
    summary:
      'Names of which the certificate of an endpoint must hold one, when that is not the server name: that is then sent as SNI only.',
    takes: `at most ${MAX_NAMES} hostnames, without wildcards, separated by commas`,
    otherwise: 'the server name',
    example: 'orders.example.com, orders-canary.example.com',
    parse: parseNames,
  }),
  backendTlsClientCertificate: guard({
    name: 'backend-tls-client-certificate',
    summary: 'The certificate that the gateway shows to endpoints that ask for one.',
    takes: 'the name of a Secret of type `kubernetes.io/tls` in the same namespace',
    otherwise: 'none',
    example: 'orders-client',
    parse: parseSecretName,
  }),
  backendTlsVerify: guard({
    name: 'backend-tls-verify',
    summary:
      'Whether the certificates of endpoints are looked at. Without that anybody who gets between the gateway and a Pod reads and changes all: it takes the operator’s `--allow-unverified-backends`.',
    takes: '`true` or `false`',
    otherwise: '`true`',
    example: 'true',
    parse: parseVerify,
  }),
} as const

function parseBackendProtocol(text: string): AnnotationParse<'http' | 'https'> {
  const value = text.trim().toLowerCase()
  return value === 'http' || value === 'https'
    ? { ok: true, value }
    : { ok: false, reason: 'not one of http, https' }
}

function parseAuthority(text: string): AnnotationParse<AuthorityRef> {
  const value = text.trim()
  if (value === 'system') return { ok: true, value }
  return /^(secret|configmap)\//i.test(value)
    ? parseAuthorityName(value)
    : { ok: false, reason: 'neither secret/NAME, configmap/NAME nor system' }
}

function parseServerName(text: string): AnnotationParse<string> {
  const value = normaliseHost(text.trim())
  return value === undefined ? { ok: false, reason: 'not a hostname' } : { ok: true, value }
}

function parseNames(text: string): AnnotationParse<readonly string[]> {
  const names = new Set<string>()
  for (const part of text.split(',')) {
    const name = parseServerName(part)
    if (!name.ok) return { ok: false, reason: `"${excerpt(part.trim(), 60)}" is not a hostname` }
    names.add(name.value)
  }
  return names.size > MAX_NAMES
    ? { ok: false, reason: `more than ${MAX_NAMES} names` }
    : { ok: true, value: [...names].sort() }
}

function parseVerify(text: string): AnnotationParse<boolean> {
  const value = text.trim().toLowerCase()
  return value === 'true' || value === 'false'
    ? { ok: true, value: value === 'true' }
    : { ok: false, reason: 'neither true nor false' }
}
