import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { dirname, join } from 'node:path'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { TestAuthority } from './certificates.ts'

export interface Leaf {
  /** PEM. */
  readonly cert: string
  readonly key: string
}

export interface LeafOptions {
  /** dNSNames of its subjectAltName; none: it has no such extension. */
  readonly names?: readonly string[]
  readonly commonName?: string
  /** Negative: it has expired. */
  readonly days?: number
  /** By whom it is signed; undefined: by itself. */
  readonly authority?: TestAuthority | undefined
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
let leaves = 0

/** A certificate as endpoints have it, good or bad. @param home whose folder keeps the files */
export function issueLeaf(home: TestAuthority, options: LeafOptions): Leaf {
  const { names = [], commonName = 'leaf', days = 2, authority } = options
  leaves++
  const file = (ending: string): string => join(dirname(home.ca), `leaf-${leaves}.${ending}`)
  const [key, request, extensions, cert] = [file('key'), file('csr'), file('ext'), file('pem')]
  openssl('req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`)
  const alternative = names.map((name) => `DNS:${name}`).join(',')
  writeFileSync(
    extensions,
    `basicConstraints=critical,CA:FALSE\n${alternative === '' ? '' : `subjectAltName=${alternative}\n`}`,
  )
  const signer =
    authority === undefined
      ? ['-signkey', key]
      : ['-CA', authority.ca, '-CAkey', authority.ca.replace(/\.pem$/, '.key'), '-CAcreateserial']
  openssl(
    ...['x509', '-req', '-in', request, '-out', cert, '-days', `${days}`, '-extfile', extensions],
    ...signer,
  )
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

/** The certificate of an authority, as PEM. */
export function certificateOf(authority: TestAuthority): string {
  return readFileSync(authority.ca, 'utf8')
}

function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot run openssl ${args[0]}: ${error?.message ?? stderr}`)
}

/** What an endpoint saw of a connection whose handshake succeeded. */
export interface SeenConnection {
  /** SNI. */
  readonly serverName: string | false | undefined
  readonly alpn: string | false | null
  readonly isReused: boolean
  /** The common name of the client's certificate. */
  readonly client: unknown
  isClosed: boolean
}

export interface TlsBackend {
  readonly port: number
  readonly connections: readonly SeenConnection[]
  readonly requests: readonly IncomingMessage[]
  close(): Promise<void>
}

/** An endpoint that speaks HTTP/1.1 over TLS, echoes WebSockets, and notes what it sees. */
export async function startTlsBackend(
  leaf: Leaf,
  options: TlsOptions = {},
  listener: RequestListener = (_, response) => response.end('behind TLS'),
  address = '127.0.0.1',
): Promise<TlsBackend> {
  const connections: SeenConnection[] = []
  const requests: IncomingMessage[] = []
  const sockets = new Set<TLSSocket>()
  const server = createServer({ ...leaf, ...options }, (request, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    const seen = seenOf(socket)
    connections.push(seen)
    socket.on('close', () => {
      sockets.delete(socket)
      seen.isClosed = true
    })
  })
  server.on('tlsClientError', () => {})
  const webSockets = new WebSocketServer({ server })
  webSockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}`)))
  server.listen(0, address)
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  return {
    port,
    connections,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      webSockets.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function seenOf(socket: TLSSocket): SeenConnection {
  const serverName = 'servername' in socket ? socket.servername : undefined
  return {
    serverName: typeof serverName === 'string' || serverName === false ? serverName : undefined,
    alpn: socket.alpnProtocol,
    isReused: socket.isSessionReused(),
    client: socket.getPeerCertificate()?.subject?.CN,
    isClosed: false,
  }
}
