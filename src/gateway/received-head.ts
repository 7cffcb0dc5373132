import { valuesOf } from '../wire/fields.ts'
import type { ReceivedRequest } from '../wire/request-parser.ts'
import type { RequestHead } from './road.ts'
import { headerBytesOf } from './size-limits.ts'

/** A head as it came over the wire, as `plan` reads it. */
export class ReceivedHead implements RequestHead {
  readonly #request: ReceivedRequest
  readonly hosts: readonly string[]

  constructor(request: ReceivedRequest) {
    this.#request = request
    this.hosts = valuesOf(request.fields, 'host')
  }

  get method(): string {
    return this.#request.method
  }

  get target(): string {
    return this.#request.target
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

export function httpVersionOf({ minorVersion }: ReceivedRequest): string {
  return minorVersion === 1 ? '1.1' : '1.0'
}

/** Asks for an upgrade that we carry. With a body the request is an ordinary one: what follows is not the new protocol's. */
export function asksForWebSocket({ method, minorVersion, framing, upgrade }: ReceivedRequest): boolean {
  if (method !== 'GET' || minorVersion !== 1 || upgrade !== 'websocket') return false
  return framing.kind === 'none' || (framing.kind === 'fixed' && framing.length === 0)
}
