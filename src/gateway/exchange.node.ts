import type { Peer } from '../identity/identify.ts'
import type { Random } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Dialled } from '../wire/client-dial.node.ts'
import type { ClientExchange, ClientFailure, ResponseHandler } from '../wire/client-exchange.node.ts'
import type { ClientPool } from '../wire/client-pool.node.ts'
import { NEVER, UNWATCHED, type Watched } from '../wire/deadlines.ts'
import type { ResponseHead } from '../wire/response-head.ts'
import type { ServerExchange } from '../wire/server-exchange.node.ts'
import type { RequestFailure, RequestHandler } from '../wire/server-handler.ts'
import { Answer, type AnswerParts, type ErrorFacts } from './answer.node.ts'
import { Attempts } from './attempts.ts'
import { endpointRequest, placeOf } from './endpoint-request.node.ts'
import { asksForWebSocket } from './received-head.ts'
import { RequestBody } from './request-body.node.ts'
import type { Forward } from './road.ts'
import type { GatewayState } from './state.ts'
import { LINGER_MS, type TunnelListener } from './tunnel.node.ts'

export interface ExchangeParts extends AnswerParts {
  readonly pool: ClientPool
  readonly random: Random
}

const NO_FIELDS: readonly string[] = []

/** One request and its answer: what the client's connection tells of it, and the endpoint's, comes to this one object. */
export class Exchange implements RequestHandler, ResponseHandler, TunnelListener, Watched {
  readonly #parts: ExchangeParts
  readonly #down: ServerExchange
  readonly #peer: Peer
  readonly #observer: RequestObserver
  readonly #answer: Answer
  readonly #body: RequestBody | undefined
  #attempts: Attempts | undefined
  #up: ClientExchange | undefined
  /** Nothing is passed on any more. */
  isOver = false
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor(parts: ExchangeParts, down: ServerExchange, peer: Peer, observer: RequestObserver) {
    this.#parts = parts
    this.#down = down
    this.#peer = peer
    this.#observer = observer
    // Who has asked for another protocol may have sent some of it already.
    const isLast = asksForWebSocket(down.head)
    this.#answer = new Answer(down, observer.requestId, parts, isLast)
    this.#body = down.head.framing.kind === 'none' || isLast ? undefined : new RequestBody(down)
    down.handler = this
  }

  /** What every answer says of https (RFC 6797); undefined: nothing of ours. */
  set hsts(value: string | undefined) {
    this.#answer.hsts = value
  }

  /** Something must be found out first. Meanwhile the client may leave, or break its body off. */
  wait(): void {
    this.#body?.watch()
  }

  /** Carries the plan out: attempts, retries, and the stream between client and endpoint. */
  forward(plan: Forward, state: GatewayState): void {
    this.#attempts = new Attempts(plan, state, this.#observer)
    this.#watch(this.#attempts.limitMs(false))
    // Some of its body may have come while something was waited for.
    if (this.#body?.exceeds(plan.service.record.limits?.bodyBytes)) this.fail('request-body-too-large')
    else this.#next(this.#attempts, 'endpoints-none')
  }

  /** Ends the exchange: with an error as the answer when none has begun, else by cutting the client's connection. */
  fail(error: ErrorCode, facts?: ErrorFacts): void {
    if (this.isOver) return
    this.#end(error)
    this.#answer.fail(error, facts)
  }

  /** The next attempt, or the last failure as the answer. */
  #next(attempts: Attempts, failure: ErrorCode): void {
    const endpoint = attempts.next(this.#parts.random)
    if (endpoint === undefined) {
      this.fail(failure)
      return
    }
    const { head } = this.#down
    const request = endpointRequest(attempts.plan, head, this.#peer, this.#observer.requestId, attempts.trace)
    const up = this.#parts.pool.send(placeOf(endpoint, attempts.plan), request, this)
    // Its body may have been read by now, and found broken.
    if (!this.isOver) this.#up = up
  }

  onSent(up: ClientExchange): void {
    this.#up = up
    this.#body?.lend(up)
  }

  onBody(data: Uint8Array): boolean {
    this.onProgress()
    const keepsUp = this.#body?.take(data) ?? true
    if (this.#body?.isTooLarge) this.fail('request-body-too-large')
    return keepsUp
  }

  onBodyEnd(): void {
    this.#body?.end()
  }

  onRequestDrain(): void {
    this.#body?.resume()
  }

  onInform(status: number, fields: readonly string[]): void {
    // RFC 9110 §15.2: whoever asked for 100 was us, and the client has had its own.
    if (status !== 100) this.#answer.inform(status, fields)
  }

  onHead({ status, fields }: ResponseHead, hasMore: boolean): void {
    if (!this.#answer.begin(status, fields, this.#attempts?.plan.answerFields ?? NO_FIELDS, hasMore)) {
      this.fail('response-invalid')
      return
    }
    this.#attempts?.answered()
    this.onProgress()
  }

  onData(data: Uint8Array): boolean {
    this.onProgress()
    return this.#answer.write(data)
  }

  onDrain(): void {
    this.#answer.isBlocked = false
    this.onProgress()
    this.#up?.resume()
  }

  onEnd(trailers: readonly string[]): void {
    this.#end(undefined)
    this.#answer.end(trailers)
  }

  onUpgrade({ fields }: ResponseHead, endpoint: Dialled): void {
    this.#up = undefined
    if (!this.#answer.join(fields, endpoint, this)) {
      endpoint.socket.destroy()
      this.fail('response-invalid')
      return
    }
    this.#attempts?.answered()
    this.onProgress()
  }

  onError(failure: ClientFailure): void {
    const attempts = this.#attempts
    this.#up = undefined
    this.#body?.release()
    attempts?.failed(failure, this.#answer.status)
    if (this.#answer.status !== undefined) this.fail('response-incomplete')
    else if (attempts?.mayRetry(failure, this.#down.head.method, this.#body?.isWhole ?? true)) {
      this.#next(attempts, failure.code)
    } else this.fail(failure.code)
  }

  onFail(failure: RequestFailure): void {
    // With an answer that is written, but not sent, there is nothing to end.
    if (this.isOver) this.#answer.cut(failure)
    else this.fail(failure)
  }

  onProgress(): void {
    const limitMs = this.#attempts?.limitMs(this.#answer.status !== undefined)
    if (limitMs !== undefined) this.deadline = this.#parts.deadlines.after(limitMs)
  }

  /** Nothing moved for too long. The last bytes may still wait for a client that does not read them. */
  onDeadline(): void {
    if (this.isOver) this.#answer.cut('client-closed')
    else if (this.#answer.status !== undefined)
      this.fail(this.#answer.isBlocked ? 'client-closed' : 'response-timeout')
    else this.fail(this.#body?.isStarved === true ? 'request-timeout' : 'response-timeout')
  }

  onTunnelClose(): void {
    if (!this.isOver) this.#end(undefined)
    this.onOver()
  }

  onOver(): void {
    this.#parts.deadlines.delete(this)
    this.#observer.end({ ...this.#answer.outcome, bytesReceived: this.#body?.bytesRead ?? 0 })
  }

  #end(error: ErrorCode | undefined): void {
    this.isOver = true
    // An error of ours is read soon, or not at all. What is left of a body has the connection's own limits.
    if (error !== undefined) this.#watch(LINGER_MS)
    else if (!this.#down.body.isOver) this.deadline = NEVER
    this.#attempts?.close(this.#answer.status, error)
    this.#body?.release()
    this.#up?.abort()
    this.#up = undefined
  }

  #watch(limitMs: number): void {
    this.deadline = this.#parts.deadlines.after(limitMs)
    this.#parts.deadlines.add(this)
  }
}
