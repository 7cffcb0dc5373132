import type { PeerTls } from '../../model/peer-tls.ts'
import type { RouteRecord } from '../../model/records.ts'
import { recordId } from '../../registry/owner.ts'
import { fittingCertificates } from '../../tls/fitting-certificates.ts'
import type { ClientsAsked, Scope, SealedIdentity } from '../../tls/scope.ts'
import type { ServedCluster } from '../served-cluster.ts'
import type { Table } from '../table.ts'

/** What a connection for a name is negotiated with, and what is known of that afterwards. */
export interface Negotiation extends Pick<PeerTls, 'certificate' | 'authority'> {
  readonly scope: Scope
}

/** Finds for names what their connections are negotiated with. */
export class Scopes {
  readonly #clusters: readonly Pick<ServedCluster, 'name' | 'table'>[]
  readonly #own: () => SealedIdentity | undefined
  readonly #now: () => number

  /**
   * @param clusters in the operator's order: the first that knows a host owns it, here as on the road
   * @param own the gateway's own certificate, for names that have none of theirs
   */
  constructor(
    clusters: readonly Pick<ServedCluster, 'name' | 'table'>[],
    own: () => SealedIdentity | undefined,
    now: () => number,
  ) {
    this.#clusters = clusters
    this.#own = own
    this.#now = now
  }

  /**
   * A certificate is shown for hosts only whose route names it: those of others are none of theirs.
   *
   * @param name as hosts are stored; undefined: the client names nobody
   * @returns undefined when there is no certificate to show
   */
  find(name: string | undefined): Negotiation | undefined {
    const owner = name === undefined ? undefined : this.#ownerOf(name)
    if (name === undefined || owner === undefined) return this.#byOwn(undefined)
    const { cluster, table, route } = owner
    const clients = clientsOf(route, table)
    const keys = route.tls?.certificates ?? []
    const fitting = fittingCertificates(keys, (key) => table.certificate(key), name, this.#now())
    if (fitting.length === 0) return this.#byOwn(clients)
    const ofRecords = fitting.map(({ key }) => key)
    return {
      scope: {
        id: `${cluster ?? ''} ${keys.join()} ${idOf(clients)}`,
        identities: fitting.map(({ key, record }) => ({
          chain: record.chain,
          key: record.key,
          recordId: recordId('certificate', key),
        })),
        clients,
      },
      certificate: { cluster, keys: ofRecords },
      authority: clients?.authority,
    }
  }

  /** The same with the gateway's own certificate, for when the other one cannot be used. */
  instead({ scope, certificate }: Negotiation): Negotiation | undefined {
    return certificate === undefined ? undefined : this.#byOwn(scope.clients)
  }

  #byOwn(clients: ClientsAsked | undefined): Negotiation | undefined {
    const own = this.#own()
    if (own === undefined) return undefined
    const scope = { id: `own ${idOf(clients)}`, identities: [own], clients }
    return { scope, certificate: undefined, authority: clients?.authority }
  }

  #ownerOf(name: string) {
    for (const { name: cluster, table: read } of this.#clusters) {
      const table = read()
      const route = table?.route(name)
      if (table !== undefined && route !== undefined) return { cluster, table, route }
    }
    return undefined
  }
}

/** Undefined where nobody is asked, or the authority is not there: then every request is refused (gateway/tls/ask-tls.ts). */
function clientsOf({ tls }: RouteRecord, table: Table): ClientsAsked | undefined {
  const asked = tls?.clients
  const authority = asked && table.authority(asked.authority)?.certificates
  return asked && authority !== undefined ? { authority, mode: asked.mode } : undefined
}

function idOf(clients: ClientsAsked | undefined): string {
  return clients === undefined ? '' : `${clients.mode} ${clients.authority}`
}
