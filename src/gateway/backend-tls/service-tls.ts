import type { BackendTls } from '../../model/backend-tls.ts'
import { encodeCanonical } from '../../model/canonical.ts'
import type { AuthorityRecord, CredentialRecord } from '../../model/credential-records.ts'
import type { ServiceRecord } from '../../model/records.ts'
import { portableDigest } from '../../registry/digest.ts'

/** Credentials and authorities, by their keys. */
export interface TlsMaterial {
  authority(key: string): AuthorityRecord | undefined
  credential(key: string): CredentialRecord | undefined
}

/** How a Service's endpoints are spoken to over TLS, with what its record names. */
export interface ServiceTls {
  /** The same for the same content: whoever has proven to be one is not believed to be another. */
  readonly id: string
  readonly settings: BackendTls
  /** Certificates of authorities, as PEM. Undefined: the platform's. */
  readonly ca: string | undefined
  /** What holds the certificate that endpoints are shown, with its key. Undefined: they are shown none. */
  readonly client: { readonly key: string; readonly record: CredentialRecord } | undefined
  /** What is not there, in words: nobody can be spoken to. */
  readonly fault: string | undefined
}

/** Names that every machine has for itself, and certificates of trials are for. */
const NAMES_OF_ALL = /^(?:[^.]+|.*\.localhost|.*\.localdomain)$/

/**
 * @param before what there was of the Service: kept when it says the same, for what was made of it
 * @returns undefined when it is spoken to in the clear
 */
export function readServiceTls(
  { protocol, tls, namespace }: ServiceRecord,
  material: TlsMaterial,
  before?: ServiceTls,
): ServiceTls | undefined {
  const settings = tls ?? (protocol === 'https' || protocol === 'wss' ? UNSAID : undefined)
  if (settings === undefined) return undefined
  const authority = settings.authority === undefined ? undefined : material.authority(settings.authority)
  const { clientCertificate } = settings
  const credential = clientCertificate === undefined ? undefined : material.credential(clientCertificate)
  const id = portableDigest(encodeCanonical([settings, authority ?? null, credential ?? null]))
  if (before?.id === id) return before
  return {
    id,
    settings,
    ca: authority?.certificates,
    client:
      clientCertificate === undefined || credential === undefined
        ? undefined
        : { key: clientCertificate, record: credential },
    fault: faultOf(settings, namespace, authority, credential),
  }
}

/** Of a record that says https, and not how: an agent that knows of neither. */
const UNSAID: BackendTls = { serverName: '', verify: true }

function faultOf(
  { serverName, authority, clientCertificate }: BackendTls,
  namespace: string,
  held: AuthorityRecord | undefined,
  credential: CredentialRecord | undefined,
): string | undefined {
  if (serverName === '') return 'the record does not say whom to expect'
  if (authority !== undefined && authority.split('/')[1] !== namespace) {
    return `${authority} is another namespace's`
  }
  if (authority !== undefined && held === undefined) return `${authority} is not there, or cannot be read`
  if (clientCertificate === undefined) return undefined
  if (clientCertificate.split('/')[0] !== namespace)
    return `Secret/${clientCertificate} is another namespace's`
  if (credential === undefined) return `Secret/${clientCertificate} is not there, or cannot be read`
  return credential.type === 'client-certificate'
    ? undefined
    : `Secret/${clientCertificate} holds no certificate that endpoints could be shown`
}

/** What a certificate must be for. */
export function namesOf({ names, serverName }: BackendTls): readonly string[] {
  return names ?? [serverName]
}

/**
 * Whether an endpoint proves that it is the Service's, wherever its address leads: it is verified, by names that are not
 * those of every machine.
 */
export function provesIdentity(tls: ServiceTls | undefined): boolean {
  if (tls === undefined || tls.fault !== undefined || !tls.settings.verify) return false
  return namesOf(tls.settings).every((name) => !NAMES_OF_ALL.test(name))
}
