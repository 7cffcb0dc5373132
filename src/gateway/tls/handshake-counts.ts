/** Why a handshake came to nothing. */
export type HandshakeFailure =
  | 'alert-received'
  | 'alpn'
  | 'certificate-unusable'
  | 'client-certificate'
  | 'closed'
  | 'hello-invalid'
  | 'name-unknown'
  | 'not-tls'
  | 'other'
  | 'suite'
  | 'timeout'
  | 'version'

/** Handshakes that were made, and that failed, since the start. */
export interface HandshakeTotals {
  readonly made: readonly { readonly version: string; readonly isResumed: boolean; readonly count: number }[]
  readonly failed: Readonly<Partial<Record<HandshakeFailure, number>>>
}

/** Counts handshakes. */
export class HandshakeCounts {
  readonly #made = new Map<string, { version: string; isResumed: boolean; count: number }>()
  readonly #failed: Partial<Record<HandshakeFailure, number>> = {}

  made(version: string, isResumed: boolean): void {
    const id = `${version} ${isResumed}`
    const total = this.#made.get(id) ?? { version, isResumed, count: 0 }
    total.count++
    this.#made.set(id, total)
  }

  failed(reason: HandshakeFailure): void {
    this.#failed[reason] = (this.#failed[reason] ?? 0) + 1
  }

  get totals(): HandshakeTotals {
    return { made: [...this.#made.values()], failed: { ...this.#failed } }
  }
}

/** By OpenSSL's reason, as Node names it. */
const REASONS: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/ALERT/, 'alert-received'],
  [/NO_APPLICATION_PROTOCOL/, 'alpn'],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_VERIFY_FAILED/, 'client-certificate'],
  [/UNSUPPORTED_PROTOCOL|WRONG_VERSION|VERSION_TOO_LOW|INAPPROPRIATE_FALLBACK/, 'version'],
  [/NO_SHARED_CIPHER|NO_SUITABLE|NO_SHARED_GROUP|NO_SUITABLE_KEY_SHARE/, 'suite'],
  [/ECONNRESET|EPIPE/, 'closed'],
  [/TIMEOUT/, 'timeout'],
]

export function failureOf(code: string): HandshakeFailure {
  return REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? 'other'
}
