import type { ReceivedRequest } from '../wire/request-parser.ts'
import type { RequestHead } from './road.ts'
import { headerBytesOf } from './size-limits.ts'

/** Fields of one value by which checks are made or bodies are read: of two, the next reader may take the other. */
const SINGLE: ReadonlySet<string> = new Set(['authorization', 'content-type', 'origin'])

/** A head as it came over the wire, as `plan` reads it. */
export class ReceivedHead implements RequestHead {
  readonly #request: ReceivedRequest
  readonly hosts: readonly string[]
  readonly repeats: string | undefined

  constructor(request: ReceivedRequest) {
    this.#request = request
    const { hosts, repeats } = singlesOf(request.fields)
    this.hosts = hosts
    this.repeats = repeats
  }

  get method(): string {
    return this.#request.method
  }

  get target(): string {
    return this.#request.target
  }

  get fields(): readonly string[] {
    return this.#request.fields
  }

  headerBytes(): number {
    return headerBytesOf(this.#request.fields)
  }

  field(name: string): string | undefined {
    const { fields } = this.#request
    let found: string | undefined
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const one = fields[i] ?? ''
      if (one.length !== name.length || (one !== name && one.toLowerCase() !== name)) continue
      found = found === undefined ? fields[i + 1] : `${found}, ${fields[i + 1]}`
    }
    return found
  }
}

/** Lower case only where the length fits: this runs for every field. */
function singlesOf(fields: readonly string[]): Pick<ReceivedHead, 'hosts' | 'repeats'> {
  const hosts: string[] = []
  let seen: string[] | undefined
  let repeats: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const { length } = fields[i] ?? ''
    if (length !== 4 && length !== 6 && length !== 12 && length !== 13) continue
    const lower = fields[i]?.toLowerCase() ?? ''
    if (lower === 'host') hosts.push(fields[i + 1] ?? '')
    if (!SINGLE.has(lower)) continue
    if (seen?.includes(lower)) repeats = lower
    else if (seen === undefined) seen = [lower]
    else seen.push(lower)
  }
  return { hosts, repeats }
}

export function httpVersionOf({ minorVersion }: ReceivedRequest): string {
  return minorVersion === 1 ? '1.1' : '1.0'
}

/** Asks for an upgrade that we carry. With a body the request is an ordinary one: what follows is not the new protocol's. */
export function asksForWebSocket({ method, minorVersion, framing, upgrade }: ReceivedRequest): boolean {
  if (method !== 'GET' || minorVersion !== 1 || upgrade !== 'websocket') return false
  return framing.kind === 'none' || (framing.kind === 'fixed' && framing.length === 0)
}
