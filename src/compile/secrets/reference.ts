import type { Service } from '../../model/objects/service.ts'
import { annotationField, type Reading, type Readings, valueOr } from '../annotations.ts'
import { annotations } from '../schema.ts'
import type { AuthorityName } from './schema.ts'

/** What a Secret or ConfigMap is read for; each use makes a record of its own kind or type of it. */
export type SecretUse = 'certificate' | 'api-keys' | 'basic' | 'jwks' | 'authority' | 'client-certificate'

/** A Service names a Secret, or a ConfigMap, of its own namespace: never one of another, whose it would be to lend. */
export interface SecretReference {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly namespace: string
  readonly name: string
  readonly use: SecretUse
  /** Where the Service names it, as problems say it. */
  readonly field: string
  /** The agent is to write it: the Service has its certificate ordered. */
  readonly isManaged?: boolean
}

/** Every Secret and ConfigMap that an exposed Service needs: the agent reads these, and no others. */
export function secretReferencesOf(service: Service, readings: Readings): readonly SecretReference[] {
  const { tlsSecret, clientCa, backendTlsCa, backendTlsClientCertificate: shown } = readings
  const { apiKeys, basicAuth, jwtJwksSecret } = readings
  const named = <T>(
    reading: Reading<T>,
    names: (value: T) => readonly string[],
    use: SecretUse,
    name: string,
  ) => (reading.state === 'valid' ? secretsOf(service, names(reading.value), use, name) : [])
  const one = (name: string) => [name]
  const distinct = (names: readonly string[]) => [...new Set(names)]
  // Of one Secret alone it is clear which the agent may write.
  const isManaged = valueOr(readings.acme, false) && valueOr<readonly string[]>(tlsSecret, []).length === 1
  const managed = (reference: SecretReference) => (isManaged ? { ...reference, isManaged } : reference)
  return [
    ...named(tlsSecret, distinct, 'certificate', annotations.tlsSecret.name).map(managed),
    ...named(apiKeys, one, 'api-keys', annotations.apiKeys.name),
    ...named(basicAuth, one, 'basic', annotations.basicAuth.name),
    ...named(jwtJwksSecret, distinct, 'jwks', annotations.jwtJwksSecret.name),
    ...named(shown, one, 'client-certificate', annotations.backendTlsClientCertificate.name),
    ...(clientCa.state === 'valid' ? [authorityOf(service, clientCa.value, annotations.clientCa.name)] : []),
    ...(backendTlsCa.state === 'valid' && backendTlsCa.value !== 'system'
      ? [authorityOf(service, backendTlsCa.value, annotations.backendTlsCa.name)]
      : []),
  ]
}

/** References to Secrets by the names that one annotation gives. */
export function secretsOf(
  { meta: { namespace } }: Service,
  names: readonly string[],
  use: SecretUse,
  annotation: string,
): readonly SecretReference[] {
  return names.map((name) => ({ kind: 'Secret', namespace, name, use, field: annotationField(annotation) }))
}

/** A reference to an object that holds certificates of authorities. */
function authorityOf(
  { meta: { namespace } }: Service,
  { kind, name }: AuthorityName,
  annotation: string,
): SecretReference {
  return { kind, namespace, name, use: 'authority', field: annotationField(annotation) }
}
