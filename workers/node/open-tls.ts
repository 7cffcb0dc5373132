import { randomBytes } from 'node:crypto'
import type { GatewayConfig } from '../../src/cli/config.ts'
import type { Clusters } from '../../src/gateway/clusters.ts'
import type { TlsParts } from '../../src/gateway/tls/handshakes.node.ts'
import { Scopes } from '../../src/gateway/tls/scopes.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import { type FollowedFiles, followFiles } from '../../src/tls/followed-file.node.ts'
import type { SealedIdentity } from '../../src/tls/scope.ts'
import { checkIdentity } from '../../src/tls/secure-door.node.ts'
import { parseTicketKeys, TICKET_KEY_BYTES, TicketRing, ticketKey } from '../../src/tls/ticket-keys.ts'
import { say } from './say.ts'

export type TlsConfig = Pick<
  GatewayConfig,
  'httpsListen' | 'defaultCertificate' | 'tlsCert' | 'tlsKey' | 'tlsMinVersion' | 'ticketKeys'
>

export interface OpenTls extends TlsParts {
  /** To be called when a table has been taken in. */
  onTable(): void
  close(): void
}

/**
 * What TLS with clients needs; undefined where it is not spoken.
 *
 * @param tickets of a supervisor, who gives all workers the same; a file of keys goes before them
 * @throws Error when a file cannot be read, or does not hold what it should
 */
export function openTls(
  config: TlsConfig,
  clusters: Pick<Clusters, 'served'>,
  openSecret: OpenSecret,
  tickets: TicketRing | undefined,
  onTrouble: (error: Error) => void = say,
): OpenTls | undefined {
  if (config.httpsListen === undefined) return undefined
  const own = ownIdentity(config, clusters)
  const ring = tickets ?? new TicketRing([ticketKey(randomBytes(TICKET_KEY_BYTES))])
  const keys = followTicketKeys(config.ticketKeys, ring)
  return {
    scopes: new Scopes(clusters.served, own.read, systemClock.now),
    tickets: ring,
    openSecret,
    minVersion: config.tlsMinVersion,
    onTable: defaultWatch(config.defaultCertificate, clusters, onTrouble),
    close: () => {
      own.files?.close()
      keys?.close()
    },
  }
}

/** Says so once when the certificate that is to be shown by default is not there: nobody else would tell. */
function defaultWatch(
  key: string | undefined,
  clusters: Pick<Clusters, 'served'>,
  onTrouble: (error: Error) => void,
): () => void {
  if (key === undefined) return () => {}
  let isSaid = false
  return () => {
    const table = clusters.served[0]?.table()
    if (table === undefined) return
    const isMissing = table.certificate(key) === undefined
    if (isMissing && !isSaid) onTrouble(new Error(missingDefault(key)))
    isSaid = isMissing
  }
}

function missingDefault(key: string): string {
  const [namespace = '', name = ''] = key.split('/')
  return `--default-certificate ${key} is not published: an exposed Service of namespace ${namespace}, in the first cluster, has to name Secret ${name} (postern.dev/tls-secret: ${name}). Until then hosts without a certificate of their own are refused`
}

interface Own {
  readonly read: () => SealedIdentity | undefined
  readonly files?: FollowedFiles
}

/** The gateway's own certificate: out of files, or of a record. */
function ownIdentity(
  { tlsCert, tlsKey, defaultCertificate }: TlsConfig,
  clusters: Pick<Clusters, 'served'>,
): Own {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    let held: SealedIdentity | undefined
    const files = followFiles(
      [tlsCert, tlsKey],
      ([chain = '', text = '']) => {
        checkIdentity({ chain, key: text }, `${tlsCert} with ${tlsKey}`)
        held = { chain, key: { form: 'open', text }, recordId: tlsCert }
      },
      say,
    )
    return { read: () => held, files }
  }
  if (defaultCertificate === undefined) return { read: () => undefined }
  return {
    read: () => {
      // The operator's own cluster is the first.
      const record = clusters.served[0]?.table()?.certificate(defaultCertificate)
      const recordId = `certificate ${defaultCertificate}`
      return record && { chain: record.chain, key: record.key, recordId }
    },
  }
}

function followTicketKeys(path: string | undefined, ring: TicketRing): FollowedFiles | undefined {
  if (path === undefined) return undefined
  const use = ([text = '']: readonly string[]): void => {
    const parsed = parseTicketKeys(text)
    if (!parsed.ok) throw new Error(`Cannot read the ticket keys in ${path}: ${parsed.reason}`)
    ring.set(parsed.keys)
  }
  return followFiles([path], use, say)
}
