import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { AuthorityRecord, CertificateRecord } from '../../src/model/credential-records.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import type { SealedIdentity } from '../../src/tls/scope.ts'
import type { CertificateWish, MadeAuthority, MadeCertificate } from './certificate-maker.ts'

/** A certificate record, as a table gets it. */
export function certificateRecord(
  key: string,
  authority: MadeAuthority,
  wish: CertificateWish,
): StoredRecord {
  const { cert, key: text, notBefore, notAfter } = authority.issue(wish)
  const hosts = [...(wish.hosts ?? [])].sort()
  const value: CertificateRecord = { hosts, notBefore, notAfter, chain: cert, key: { form: 'open', text } }
  return { kind: 'certificate', key, text: encodeCanonical(value) }
}

export function authorityRecord(key: string, certificates: string): StoredRecord {
  const value: AuthorityRecord = { certificates }
  return { kind: 'authority', key, text: encodeCanonical(value) }
}

export function identityOf({ cert, key }: MadeCertificate): SealedIdentity {
  return { chain: cert, key: { form: 'open', text: key }, recordId: 'the own certificate' }
}

export function put(table: Table, ...records: readonly StoredRecord[]): void {
  const [trouble] = table.apply(records)
  if (trouble !== undefined) throw trouble
}

/** A client that has shaken hands. It trusts nobody by itself: who has shown what is for the test to say. */
export async function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  socket.on('error', () => {})
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
  await Promise.race([once(socket, 'secureConnect'), failed])
  return socket
}

/** Sends one request, and gives all that comes until the connection ends. */
export async function ask(
  socket: TLSSocket,
  host: string,
  path = '/',
  fields: readonly string[] = [],
): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(requestText(host, path, [...fields, 'Connection: close']))
  if (!socket.closed) await closed
  return text
}

/** What resumes the connection's session: by TLS 1.3 it comes after the handshake, and by TLS 1.2 with it. */
export async function sessionOf(socket: TLSSocket): Promise<Buffer> {
  const held = socket.getSession()
  if (socket.getProtocol() !== 'TLSv1.3' && held !== undefined) return held
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve))
  socket.resume()
  return await session
}

export function requestText(host: string, path: string, fields: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n')
}
