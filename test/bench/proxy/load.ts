import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { fixture, loadCore, type Subject } from '../peer.ts'
import { stepOf } from '../workload.ts'
import { type LoadResult, runLoad } from '../wrk.ts'
import type { HttpRow, LoadRow, WebSocketRow } from './rows.ts'

const resultSchema = v.object({
  requests: v.pipe(v.number(), v.minValue(1)),
  requestsPerSecond: v.number(),
  p50Micros: v.number(),
  p99Micros: v.number(),
})

/** Loads a subject for some seconds; refuses a run with any failure. */
export function runRow(
  row: LoadRow,
  subject: Subject,
  connections: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  return row.type === 'http'
    ? runHttp(row, subject, connections, seconds, signal)
    : runWebSockets(row, subject, connections, seconds, signal)
}

function runHttp(
  row: HttpRow,
  { port, hosts }: Subject,
  connections: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  const script = fixture('load.lua')
  const scriptArguments = [row.method, row.path, hosts, stepOf(hosts, row.hosts), row.bodyBytes].map(String)
  if (row.closes) scriptArguments.push('close')
  return runLoad({ core: loadCore, port, connections, seconds, script, scriptArguments }, signal)
}

async function runWebSockets(
  row: WebSocketRow,
  { port, hosts }: Subject,
  connections: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  const program = join(import.meta.dirname, 'websocket-process.ts')
  const args = [port, row.path, hosts, connections, seconds, row.messageBytes].map(String)
  const command = ['-c', String(loadCore), process.execPath, program, ...args]
  const { stdout } = await promisify(execFile)('taskset', command, { signal })
  return parseLoadResult(stdout)
}

/** Parses what the bench's own load generators print. */
export function parseLoadResult(text: string): LoadResult {
  return v.parse(resultSchema, JSON.parse(text))
}
