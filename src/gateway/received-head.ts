import { judgeByName } from '../model/judge-by-name.ts'
import type { ReceivedRequest } from '../wire/request-parser.ts'
import type { RequestHead } from './road.ts'
import { headerBytesOf } from './size-limits.ts'

/** Fields of one value by which checks are made or bodies are read: of two, the next reader may take the other. */
const SINGLE = ['authorization', 'content-type', 'origin'] as const

const kindOf = judgeByName((name): (typeof SINGLE)[number] | 'host' | 'other' => {
  const lower = name.toLowerCase()
  return lower === 'host' ? 'host' : (SINGLE.find((single) => single === lower) ?? 'other')
})

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

function singlesOf(fields: readonly string[]): Pick<ReceivedHead, 'hosts' | 'repeats'> {
  const hosts: string[] = []
  let seen: string[] | undefined
  let repeats: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const kind = kindOf(fields[i] ?? '')
    if (kind === 'other') continue
    if (kind === 'host') hosts.push(fields[i + 1] ?? '')
    else if (seen === undefined) seen = [kind]
    else if (seen.includes(kind)) repeats = kind
    else seen.push(kind)
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
