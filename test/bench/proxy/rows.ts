import { echoPath } from '../workload.ts'

/** Requests over HTTP, all alike but for their hosts. */
export interface HttpRow {
  readonly type: 'http'
  readonly name: string
  readonly title: string
  readonly method: string
  readonly path: string
  readonly bodyBytes: number
  /** About how many hosts are asked: fewer when the bodies would fill the load generator's memory. */
  readonly hosts: number
  /** Each request has a connection of its own. */
  readonly closes: boolean
}

/** Messages over WebSockets that are open already, each sent when the one before it is back. */
export interface WebSocketRow {
  readonly type: 'websocket'
  readonly name: string
  readonly title: string
  readonly path: string
  readonly messageBytes: number
}

/** Memory of connections on which nothing happens. */
export interface IdleRow {
  readonly type: 'idle'
  readonly name: string
  readonly title: string
}

export type LoadRow = HttpRow | WebSocketRow
export type Row = LoadRow | IdleRow

const small = { type: 'http', method: 'GET', path: '/', bodyBytes: 0, hosts: 10_000, closes: false } as const

/** The idle connections come first: what a load has left in memory would be taken for theirs, or hide them. */
export const rows: readonly Row[] = [
  { type: 'idle', name: 'idle', title: 'idle connections' },
  { ...small, name: 'get', title: 'GET small' },
  { ...small, name: 'get-64k', title: 'GET 64 KB', path: '/64k' },
  { ...small, name: 'get-1m', title: 'GET 1 MB', path: '/1m' },
  { ...small, name: 'post', title: 'POST 10 KB', method: 'POST', bodyBytes: 10_000, hosts: 900 },
  { ...small, name: 'connect', title: 'GET small, new connections', closes: true },
  { type: 'websocket', name: 'websocket', title: 'WebSocket echo', path: echoPath, messageBytes: 100 },
]

export const rowNames: readonly string[] = rows.map(({ name }) => name)
