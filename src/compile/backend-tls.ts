import type { BackendTls } from '../model/backend-tls.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { ServiceRecord } from '../model/records.ts'
import { annotationField, type Readings, serviceProblem, valueOr } from './annotations.ts'
import { type AuthorityRef, backendTlsAnnotations } from './backend-tls-schema.ts'
import { isMisspelt } from './misspelt.ts'
import type { CompileOptions } from './output.ts'
import { isOverTls } from './protocol.ts'

/** How endpoints are spoken to over TLS; `closed` where that cannot be told, and why. */
export type BackendTlsReading =
  | { readonly state: 'none' }
  | { readonly state: 'valid'; readonly tls: BackendTls; readonly problems: readonly Problem[] }
  /** `problem`: one that nobody has told yet. */
  | { readonly state: 'closed'; readonly code: Problem['code']; readonly problem: Problem | undefined }

/** What decides of it besides the annotations. */
interface Facts {
  readonly protocol: ServiceRecord['protocol']
  readonly target: ServiceRecord['target']
}

const { backendProtocol: _, ...ofTls } = backendTlsAnnotations
const ids = Object.keys(backendTlsAnnotations) as readonly (keyof typeof backendTlsAnnotations)[]
const tlsIds = Object.keys(ofTls) as readonly (keyof typeof ofTls)[]
const names = ids.map((id) => backendTlsAnnotations[id].name)

/** The annotations taken together. What was to be encrypted or verified, and cannot be, is closed. */
export function backendTlsOf(
  service: Service,
  readings: Readings,
  facts: Facts,
  { allowUnverifiedBackends }: CompileOptions,
): BackendTlsReading {
  if (ids.some((id) => readings[id].state === 'invalid')) {
    return { state: 'closed', code: 'annotation-invalid', problem: undefined }
  }
  if (Object.keys(service.meta.annotations).some((name) => isMisspelt(name, names, 'backend'))) {
    return { state: 'closed', code: 'annotation-unknown', problem: undefined }
  }
  if (!isOverTls(facts.protocol)) return inTheClear(service, readings)
  const tls = tlsOf(service, readings, facts)
  if (tls.verify) return { state: 'valid', tls, problems: [] }
  if (allowUnverifiedBackends) return { state: 'valid', tls, problems: [unverified(service, 'warning')] }
  const problem = unverified(service, 'error')
  return { state: 'closed', code: problem.code, problem }
}

/** Whoever has said how endpoints are verified does not expect them to be spoken to in the clear. */
function inTheClear(service: Service, readings: Readings): BackendTlsReading {
  const given = tlsIds.find((id) => readings[id].state !== 'absent')
  if (given === undefined) return { state: 'none' }
  const { name } = backendTlsAnnotations[given]
  const problem = serviceProblem(service, {
    code: 'backend-tls-incomplete',
    severity: 'error',
    field: annotationField(name),
    message: `Cannot use ${name}: endpoints are not spoken to over TLS`,
    hint: `Set appProtocol: https on the port, or ${backendTlsAnnotations.backendProtocol.name}: "https". Until then the hostnames answer 503.`,
  })
  return { state: 'closed', code: problem.code, problem }
}

function tlsOf({ meta }: Service, readings: Readings, { target }: Facts): BackendTls {
  const ownName = target.type === 'external' ? target.name : `${meta.name}.${meta.namespace}.svc`
  const authority = valueOr<AuthorityRef>(readings.backendTlsCa, 'system')
  const names = valueOr<readonly string[] | undefined>(readings.backendTlsSubjectAltNames, undefined)
  const client = valueOr<string | undefined>(readings.backendTlsClientCertificate, undefined)
  return {
    serverName: valueOr(readings.backendTlsServerName, ownName),
    ...(names === undefined ? {} : { names: [...names] }),
    ...(authority === 'system' ? {} : { authority: `${authority.kind}/${meta.namespace}/${authority.name}` }),
    ...(client === undefined ? {} : { clientCertificate: `${meta.namespace}/${client}` }),
    verify: valueOr(readings.backendTlsVerify, true),
  }
}

function unverified(service: Service, severity: 'error' | 'warning'): Problem {
  const { name } = backendTlsAnnotations.backendTlsVerify
  return serviceProblem(service, {
    code: 'backend-tls-unverified',
    severity,
    field: annotationField(name),
    message:
      severity === 'error'
        ? `${name} is "false", which the operator does not allow`
        : 'Endpoints are not verified: whoever answers at their addresses is believed',
    hint: `Name who vouches for them with ${backendTlsAnnotations.backendTlsCa.name}${severity === 'error' ? ', or ask the operator for --allow-unverified-backends. Until then the hostnames answer 503.' : '.'}`,
  })
}
