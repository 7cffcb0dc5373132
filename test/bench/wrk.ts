import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What one run of wrk measured. */
export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
}

export interface Load {
  readonly core: number
  readonly port: number
  readonly isSecure?: boolean
  readonly connections: number
  readonly seconds: number
  readonly script: string
  readonly scriptArguments: readonly string[]
}

/** Runs wrk against a loopback port; refuses a run with any failed request. */
export async function runLoad(load: Load, signal: AbortSignal): Promise<LoadResult> {
  const flags = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '15s', '--latency']
  const url = `${load.isSecure ? 'https' : 'http'}://127.0.0.1:${load.port}/`
  const args = [
    '-c',
    String(load.core),
    'wrk',
    ...flags,
    '-s',
    load.script,
    url,
    '--',
    ...load.scriptArguments,
  ]
  const { stdout } = await promisify(execFile)('taskset', args, { signal })
  return parseWrk(stdout)
}

/** Parses the output of `wrk --latency`. Answers that are not 2xx or 3xx, and socket errors, are faults. */
export function parseWrk(output: string): LoadResult {
  const faults = output.match(/^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$/gm)
  if (faults) throw new Error(`Failed requests under load: ${faults.map((line) => line.trim()).join('; ')}`)
  const requests = Number(find(output, /^\s*(\d+) requests in /m))
  if (requests === 0) throw new Error('No request was answered under load')
  return {
    requests,
    requestsPerSecond: Number(find(output, /^Requests\/sec:\s+([\d.]+)/m)),
    p50Micros: parseMicros(find(output, /^\s+50%\s+(\S+)/m)),
    p99Micros: parseMicros(find(output, /^\s+99%\s+(\S+)/m)),
  }
}

function find(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1]
  if (found === undefined)
    throw new Error(`Cannot parse wrk's output, no ${pattern}: ${JSON.stringify(output)}`)
  return found
}

const microsPerUnit = new Map([
  ['us', 1],
  ['ms', 1e3],
  ['s', 1e6],
  ['m', 60e6],
])

function parseMicros(text: string): number {
  const [, value, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? []
  const micros = Number(value) * (microsPerUnit.get(unit) ?? Number.NaN)
  if (Number.isNaN(micros)) throw new Error(`Cannot parse wrk's latency: ${JSON.stringify(text)}`)
  return micros
}
