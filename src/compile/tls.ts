import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { ClientAuthority, Hsts } from '../model/route-tls.ts'
import { annotationField, type Readings, serviceProblem, valueOr } from './annotations.ts'
import { isMisspelt } from './misspelt.ts'
import type { AuthorityName } from './secrets/schema.ts'
import { tlsAnnotations } from './tls-schema.ts'

/** What one Service asks of TLS on its hosts. */
export interface ServiceTls {
  /** Keys of certificate records. */
  readonly certificates: readonly string[]
  /** Undefined: it does not say. */
  readonly redirect: boolean | undefined
  readonly hsts: Hsts | undefined
  readonly clients: ClientAuthority | undefined
}

/** `closed` where what was to be guarded cannot be told, and why. */
export type TlsReading =
  | { readonly state: 'none' }
  | { readonly state: 'valid'; readonly tls: ServiceTls }
  /** `problem`: one that nobody has told yet. */
  | { readonly state: 'closed'; readonly code: Problem['code']; readonly problem: Problem | undefined }

const { tlsSecret, clientCa, clientCertificates } = tlsAnnotations
const ids = Object.keys(tlsAnnotations) as readonly (keyof typeof tlsAnnotations)[]
const guards = ['tlsSecret', 'clientCa', 'clientCertificates'] as const
const guardNames: readonly string[] = [tlsSecret.name, clientCa.name, clientCertificates.name]

/** The annotations taken together. What restricts and cannot be read, or is misspelt, is not left out: it closes. */
export function tlsOf(service: Service, readings: Readings): TlsReading {
  if (guards.some((id) => readings[id].state === 'invalid')) {
    return { state: 'closed', code: 'annotation-invalid', problem: undefined }
  }
  if (Object.keys(service.meta.annotations).some((name) => isMisspelt(name, guardNames, 'client-c'))) {
    return { state: 'closed', code: 'annotation-unknown', problem: undefined }
  }
  if (ids.every((id) => readings[id].state === 'absent')) return { state: 'none' }
  const { namespace } = service.meta
  const authority = valueOr<AuthorityName | undefined>(readings.clientCa, undefined)
  if (authority === undefined && readings.clientCertificates.state === 'valid') {
    const problem = incomplete(service)
    return { state: 'closed', code: problem.code, problem }
  }
  const secrets = valueOr<readonly string[]>(readings.tlsSecret, [])
  return {
    state: 'valid',
    tls: {
      certificates: secrets.map((name) => `${namespace}/${name}`),
      redirect: readings.tlsRedirect.state === 'invalid' ? true : valueOr(readings.tlsRedirect, undefined),
      hsts: valueOr<Hsts | undefined>(readings.hsts, undefined),
      clients: authority === undefined ? undefined : clientsOf(namespace, authority, readings),
    },
  }
}

function clientsOf(
  namespace: string,
  { kind, name }: AuthorityName,
  { clientCertificates }: Readings,
): ClientAuthority {
  return { authority: `${kind}/${namespace}/${name}`, mode: valueOr(clientCertificates, 'require') }
}

function incomplete(service: Service): Problem {
  return serviceProblem(service, {
    code: 'tls-incomplete',
    severity: 'error',
    field: annotationField(clientCertificates.name),
    message: `Cannot ask clients for certificates: without ${clientCa.name} nobody can tell whose`,
    hint: `Add ${clientCa.name}: "${clientCa.example}". Until then the hostnames answer 503.`,
  })
}
