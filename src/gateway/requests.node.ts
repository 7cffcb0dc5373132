import type { Peer } from '../identity/identify.ts'
import type { Clock, Timers } from '../model/clock.ts'
import type { Observer } from '../telemetry/observer.ts'
import { Deadlines } from '../wire/deadlines.ts'
import type { ServerExchange } from '../wire/server-exchange.node.ts'
import { DateField } from './date-field.node.ts'
import { Exchange, type ExchangeParts } from './exchange.node.ts'
import { type Decided, observeRequest, withoutQuery } from './observe.ts'
import { type ClusterRoad, planAcross } from './plan-across.ts'
import { httpVersionOf, ReceivedHead } from './received-head.ts'
import type { Forward, RoadOptions } from './road.ts'
import { type Finders, findOut, unknownError, WAITS } from './road-state.ts'
import type { ServedCluster } from './served-cluster.ts'
import type { GatewayState } from './state.ts'

export interface RequestsParts extends Pick<ExchangeParts, 'pool' | 'random'>, Finders {
  /** In the operator's order: a host is the first one's that knows it. */
  readonly clusters: readonly ServedCluster[]
  readonly observer: Observer
  readonly road: RoadOptions
  readonly clock: Clock
  readonly timers: Timers
  /** A fault of ours, or of the network, that no client is to blame for. */
  readonly onTrouble: (error: Error) => void
}

/** Requests have the deadlines that their Services set, some of them short. */
const EXCHANGE_TICK_MS = 50

/** Walks each request down the road: plan, then carry out. */
export class Requests {
  readonly date: DateField
  readonly #parts: RequestsParts
  readonly #road: ClusterRoad
  /** By the cluster that a plan names. */
  readonly #states: ReadonlyMap<string | undefined, GatewayState>
  readonly #exchangeParts: ExchangeParts

  constructor(parts: RequestsParts) {
    this.#parts = parts
    const { clusters, road, random, pool, timers, clock } = parts
    this.#road = { clusters, options: road, random }
    this.#states = new Map(clusters.map(({ name, state }) => [name, state]))
    this.date = new DateField(clock)
    this.#exchangeParts = {
      pool,
      random,
      date: this.date,
      deadlines: new Deadlines(timers, EXCHANGE_TICK_MS),
    }
  }

  begin(down: ServerExchange, peer: Peer): void {
    const head = new ReceivedHead(down.head)
    const decided = down.head.expectation === 'unknown' ? 'expectation-unknown' : this.#decide(head, peer)
    const observer = observeRequest(this.#parts.observer, head, httpVersionOf(down.head), peer, decided)
    const exchange = new Exchange(this.#exchangeParts, down, peer, observer)
    this.#carryOut(exchange, head, peer, decided, WAITS * this.#parts.clusters.length)
  }

  #carryOut(exchange: Exchange, head: ReceivedHead, peer: Peer, plan: Decided, waits: number): void {
    if (typeof plan !== 'string') exchange.hsts = plan.passage.hsts
    if (typeof plan === 'string') exchange.fail(plan)
    else if (plan.type === 'reply') exchange.fail(plan.error, plan)
    else if (plan.type === 'forward') this.#forward(exchange, plan)
    else if (waits === 0 || plan.for.type === 'host') {
      // A table that is loaded whole knows every host.
      exchange.fail(unknownError(plan.for))
    } else {
      exchange.wait()
      void findOut(plan.for, plan.passage.client.address, this.#parts).then((error) => {
        if (exchange.isOver) return
        if (error !== undefined) exchange.fail(error)
        else this.#carryOut(exchange, head, peer, this.#decide(head, peer), waits - 1)
      })
    }
  }

  /** Begins to carry out a plan. Never throws. */
  #forward(exchange: Exchange, plan: Forward): void {
    const { cluster } = plan.passage
    try {
      const state = this.#states.get(cluster)
      if (state === undefined) throw new Error(`Cannot forward to cluster ${cluster}: not served`)
      exchange.forward(plan, state)
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot forward a request to ${plan.service.key}`, { cause }))
      exchange.fail('internal')
    }
  }

  /** The plan, or why there is none. */
  #decide(head: ReceivedHead, peer: Peer): Decided {
    try {
      return planAcross(head, peer, this.#road) ?? 'endpoints-none'
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot plan ${head.method} ${withoutQuery(head.target)}`, { cause }))
      return 'internal'
    }
  }
}
