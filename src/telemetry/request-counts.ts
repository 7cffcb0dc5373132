import type { Attributes } from '@opentelemetry/api'
import type { ErrorCode } from '../model/errors.ts'
import { describeOutcome, describeRoute } from './http-facts.ts'
import { attribute, DURATION_BUCKETS_S } from './names.ts'
import type { RouteFacts } from './observer.ts'

/** A count of requests or attempts that share their attributes. */
export interface SumPoint {
  readonly attributes: Attributes
  value: number
}

/** Durations in seconds of requests that share their attributes. */
export interface DurationPoint {
  readonly attributes: Attributes
  /** One for each of {@link DURATION_BUCKETS_S}, whose bound belongs to it, and one for what is longer. */
  readonly buckets: number[]
  count: number
  sum: number
  min: number
  max: number
}

/** What is counted of one route: see {@link RequestCounts.routed}. */
export interface RouteCounts {
  readonly key: string
  readonly facts: RouteFacts | undefined
  /** Where its last request and its last attempt were counted: mostly the next one's too. */
  lastEnded: { readonly like: EndedRequest; readonly point: DurationPoint } | undefined
  lastAttempt: { readonly error: ErrorCode | undefined; readonly point: SumPoint } | undefined
}

/** A request that has ended. */
export interface EndedRequest {
  readonly method: string
  readonly scheme: string
  readonly httpVersion: string
  readonly route: RouteCounts | undefined
  readonly status: number
  readonly error: ErrorCode | undefined
  readonly durationMs: number
}

/** Points of one metric; OpenTelemetry's default (specification, Metrics SDK, "Cardinality limits"). */
const MAX_POINTS = 2000
/** What is beyond is counted together. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }
/** The key of those; others hold a line feed. */
const OVERFLOW_KEY = 'overflow'

/**
 * Requests and attempts, counted since the start. The SDK's instruments sort and serialise the attributes at every
 * count; here a route knows the point that it was last counted at, others are found by one key, and attributes are made
 * once.
 */
export class RequestCounts {
  readonly #active = new Map<string, SumPoint>()
  readonly #attempts = new Map<string, SumPoint>()
  readonly #durations = new Map<string, DurationPoint>()
  /** By the origin of the rule and whether it reports, for as long as that rule is in force. */
  readonly #routes = new WeakMap<RouteFacts['origin'], RouteCounts>()
  readonly #nowhere: RouteCounts = routeCounts('undefined', undefined)

  get active(): Iterable<SumPoint> {
    return this.#active.values()
  }

  get attempts(): Iterable<SumPoint> {
    return this.#attempts.values()
  }

  get durations(): Iterable<DurationPoint> {
    return this.#durations.values()
  }

  /** What a request is counted with that took this route. */
  routed(facts: RouteFacts): RouteCounts {
    const known = this.#routes.get(facts.origin)
    if (known?.facts !== undefined && isSameRoute(known.facts, facts)) return known
    const { routePath, origin, cluster = '', isReported = '' } = facts
    // No line feed is in any of these.
    const made = routeCounts(
      `${routePath}\n${origin.namespace}\n${origin.name}\n${cluster}\n${isReported}`,
      facts,
    )
    this.#routes.set(origin, made)
    return made
  }

  begin(method: string, scheme: string): void {
    this.#activePoint(method, scheme).value += 1
  }

  attempt(route: RouteCounts = this.#nowhere, error: ErrorCode | undefined): void {
    if (route.lastAttempt?.error !== error || route.lastAttempt === undefined) {
      route.lastAttempt = { error, point: this.#attemptPoint(route, error) }
    }
    route.lastAttempt.point.value += 1
  }

  end(request: EndedRequest): void {
    this.#activePoint(request.method, request.scheme).value -= 1
    const { route = this.#nowhere, durationMs } = request
    if (route.lastEnded === undefined || !isAlike(route.lastEnded.like, request)) {
      route.lastEnded = { like: request, point: this.#durationPoint(route, request) }
    }
    const seconds = durationMs / 1000
    const { point } = route.lastEnded
    let bucket = 0
    while (bucket < DURATION_BUCKETS_S.length && seconds > (DURATION_BUCKETS_S[bucket] ?? 0)) bucket += 1
    point.buckets[bucket] = (point.buckets[bucket] ?? 0) + 1
    point.count += 1
    point.sum += seconds
    if (seconds < point.min) point.min = seconds
    if (seconds > point.max) point.max = seconds
  }

  #activePoint(method: string, scheme: string): SumPoint {
    return pointOf(
      this.#active,
      `${method}\n${scheme}`,
      () => ({ [attribute.method]: method, [attribute.scheme]: scheme }),
      newSum,
    )
  }

  #attemptPoint({ key, facts }: RouteCounts, error: ErrorCode | undefined): SumPoint {
    const outcome = error ?? 'answered'
    return pointOf(
      this.#attempts,
      `${key}\n${outcome}`,
      () => ({ ...(facts && describeRoute(facts)), [attribute.outcome]: outcome }),
      newSum,
    )
  }

  #durationPoint({ key, facts }: RouteCounts, request: EndedRequest): DurationPoint {
    const { method, scheme, httpVersion, status, error } = request
    const describe = () => ({
      [attribute.method]: method,
      [attribute.scheme]: scheme,
      [attribute.protocolVersion]: httpVersion,
      ...(facts && describeRoute(facts)),
      ...describeOutcome(status, error, 500),
    })
    const full = `${key}\n${method}\n${scheme}\n${httpVersion}\n${status}\n${error}`
    return pointOf(this.#durations, full, describe, newDurations)
  }
}

function routeCounts(key: string, facts: RouteFacts | undefined): RouteCounts {
  return { key, facts, lastEnded: undefined, lastAttempt: undefined }
}

function isSameRoute(a: RouteFacts, b: RouteFacts): boolean {
  return a.routePath === b.routePath && a.cluster === b.cluster && a.isReported === b.isReported
}

/** Whether two are counted at one point. */
function isAlike(a: EndedRequest, b: EndedRequest): boolean {
  const isSameAnswer = a.status === b.status && a.error === b.error && a.method === b.method
  return isSameAnswer && a.scheme === b.scheme && a.httpVersion === b.httpVersion
}

function pointOf<Point>(
  points: Map<string, Point>,
  key: string,
  describe: () => Attributes,
  make: (attributes: Attributes) => Point,
): Point {
  const known = points.get(key)
  if (known !== undefined) return known
  const isFull = points.size >= MAX_POINTS
  const place = isFull ? OVERFLOW_KEY : key
  const point = points.get(place) ?? make(isFull ? OVERFLOW : describe())
  points.set(place, point)
  return point
}

function newSum(attributes: Attributes): SumPoint {
  return { attributes, value: 0 }
}

function newDurations(attributes: Attributes): DurationPoint {
  const buckets = Array.from({ length: DURATION_BUCKETS_S.length + 1 }, () => 0)
  return {
    attributes,
    buckets,
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  }
}
