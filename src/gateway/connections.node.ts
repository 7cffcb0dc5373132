import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import { answerBrokenHead, clientErrorCode } from './broken-head.node.ts'

/** A request that has not had its last byte of answer. */
export interface Underway {
  readonly request: IncomingMessage
  fail(error: ErrorCode): void
}

/**
 * What is under way on each client connection, so that bytes which make no sense fail the request that they belong to,
 * and never write into another's answer.
 */
export class Connections {
  readonly #timers: Timers
  readonly #underway = new WeakMap<Duplex, Set<Underway>>()
  readonly #broken = new WeakMap<Duplex, Error>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  begin(socket: Duplex, underway: Underway): void {
    const all = this.#underway.get(socket)
    if (all === undefined) this.#underway.set(socket, new Set([underway]))
    else all.add(underway)
  }

  end(socket: Duplex, underway: Underway): void {
    const all = this.#underway.get(socket)
    all?.delete(underway)
    const error = this.#broken.get(socket)
    if (error !== undefined && all?.size === 0) answerBrokenHead(error, socket, this.#timers)
  }

  /** node:http could not read what came: in the middle of a body, or where the next head should be. */
  broken(socket: Duplex, error: Error): void {
    const all = [...(this.#underway.get(socket) ?? [])]
    const unfinished = all.find(({ request }) => !request.complete)
    if (unfinished !== undefined) unfinished.fail(clientErrorCode(error))
    else if (all.length > 0) this.#broken.set(socket, error)
    else answerBrokenHead(error, socket, this.#timers)
  }
}
