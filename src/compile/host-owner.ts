import { normaliseHost } from '../model/host.ts'
import { type HostTemplate, renderHost } from './host-template.ts'

/** Who may have a hostname, as its name alone tells. */
export type HostOwner =
  | { readonly type: 'namespace'; readonly name: string }
  /** It spans the names of several namespaces. */
  | { readonly type: 'nobody' }
  | { readonly type: 'anyone' }

/** What default hostnames are made by. */
export interface HostNaming {
  readonly domain: string
  readonly hostTemplate: HostTemplate
}

const NOBODY: HostOwner = { type: 'nobody' }
const ANYONE: HostOwner = { type: 'anyone' }

/**
 * Whose a hostname (or a wildcard) is. A namespace owns the default hostnames of its Services, existing or not, with
 * all below them, and `*.<namespace>.<domain>` as far as the template makes no other namespace's names there.
 */
export function ownerOfHost(host: string, { domain, hostTemplate }: HostNaming): HostOwner {
  const isWildcard = host.startsWith('*.')
  const name = isWildcard ? host.slice(2) : host
  if (isWildcard && (name === domain || domain.endsWith(`.${name}`))) return NOBODY
  if (!name.endsWith(`.${domain}`)) return ANYONE
  const labels = name.slice(0, -domain.length - 1).split('.')
  const match = matchLabels(labels, hostTemplate)
  if (match !== undefined && labels.length >= hostTemplate.labels.length) return ownedBy(match.namespace)
  // A wildcard above default hostnames: of one namespace, or of several.
  if (match !== undefined && isWildcard) return ownedBy(match.namespace)
  // `<one label>.<domain>` is below no namespace.
  if (labels.length === 1 && !isWildcard) return ANYONE
  return ownedBy(match?.namespace ?? labels.at(-1))
}

/** The default hostname of a Service; undefined when what the template makes is no hostname, or not its namespace's. */
export function defaultHostOf(service: string, namespace: string, naming: HostNaming): string | undefined {
  const host = normaliseHost(renderHost(naming.hostTemplate, service, namespace, naming.domain))
  if (host === undefined) return undefined
  const owner = ownerOfHost(host, naming)
  return owner.type === 'namespace' && owner.name === namespace ? host : undefined
}

/** Compares labels with the template's from the right, as far as both go. @returns undefined when one does not fit. */
function matchLabels(
  labels: readonly string[],
  template: HostTemplate,
): { namespace: string | undefined } | undefined {
  let namespace: string | undefined
  for (let fromEnd = 1; fromEnd <= Math.min(labels.length, template.labels.length); fromEnd++) {
    const found = template.labels.at(-fromEnd)?.matches.exec(labels.at(-fromEnd) ?? '')
    if (found === null || found === undefined) return undefined
    namespace ??= found.groups?.namespace
  }
  return { namespace }
}

function ownedBy(name: string | undefined): HostOwner {
  return name === undefined ? NOBODY : { type: 'namespace', name }
}
