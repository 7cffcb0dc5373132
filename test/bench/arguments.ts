import { parseArgs } from 'node:util'

/** What the user asked of `npm run bench`. */
export interface BenchArguments {
  readonly bench: string
  readonly json: boolean
  /** Length of one measured round, in seconds. */
  readonly seconds: number
  readonly rounds: number
  /** How large the cluster is, for benches that have one; undefined: the sizes of the bench. */
  readonly services: number | undefined
  /** Of each of these Services; undefined: as many as the bench has it. */
  readonly endpoints: number | undefined
  /** What is measured, of what a bench can; undefined: what the bench does by default, as below. */
  readonly rows: readonly string[] | undefined
  readonly peers: readonly string[] | undefined
  /** Numbers of connections, each measured for itself. */
  readonly connections: readonly number[] | undefined
}

export type ParsedArguments =
  | { readonly ok: true; readonly value: BenchArguments }
  | { readonly ok: false; readonly problem: string }

/** As many as the made-up addresses suffice for, and as one slice holds. */
const maxServices = 100_000
const maxEndpoints = 100
/** Fewer than there are ports of one address for. */
const maxConnections = 8_192

/** Parses the command line; `names` are the benches that exist. */
export function parseArguments(args: readonly string[], names: readonly string[]): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '5' },
        rounds: { type: 'string', default: '5' },
        services: { type: 'string' },
        endpoints: { type: 'string' },
        rows: { type: 'string' },
        peers: { type: 'string' },
        connections: { type: 'string' },
      },
    })
    const [bench, ...rest] = positionals
    if (bench === undefined) throw new Error('Name a bench')
    if (!names.includes(bench)) throw new Error(`Unknown bench: ${JSON.stringify(bench)}`)
    if (rest.length > 0) throw new Error(`Unexpected argument: ${JSON.stringify(rest[0])}`)
    const { json, services, endpoints, rows, peers, connections } = values
    const value = {
      bench,
      json,
      seconds: parseCount('--seconds', values.seconds),
      rounds: parseCount('--rounds', values.rounds),
      services: parseSize('--services', services, maxServices),
      endpoints: parseSize('--endpoints', endpoints, maxEndpoints),
      rows: rows?.split(','),
      peers: peers?.split(','),
      connections: connections?.split(',').map((count) => parseCount('--connections', count, maxConnections)),
    }
    return { ok: true, value }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return { ok: false, problem: `${message}\n${usage(names)}` }
  }
}

function parseSize(flag: string, text: string | undefined, max: number): number | undefined {
  return text === undefined ? undefined : parseCount(flag, text, max)
}

function parseCount(flag: string, text: string, max = 9_999): number {
  const count = Number(text)
  if (!/^[1-9]\d*$/.test(text) || count > max) {
    throw new Error(`Cannot parse ${flag}, a whole number from 1 to ${max}: ${JSON.stringify(text)}`)
  }
  return count
}

function usage(names: readonly string[]): string {
  const sizes = '[--services N] [--endpoints N]'
  const lists = '[--rows NAME,…] [--peers NAME,…] [--connections N,…]'
  return `Usage: npm run bench -- <${names.join('|')}> [--json] [--seconds N] [--rounds N] ${sizes} ${lists}`
}
