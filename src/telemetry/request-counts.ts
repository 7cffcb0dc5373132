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

/** A route as points know it. */
export interface RouteLabels {
  readonly key: string
  readonly facts: RouteFacts
}

/** A request that has ended. */
export interface EndedRequest {
  readonly method: string
  readonly scheme: string
  readonly httpVersion: string
  readonly route: RouteLabels | undefined
  readonly status: number
  readonly error: ErrorCode | undefined
  readonly durationMs: number
}

/** Points of one metric; OpenTelemetry's default (specification, Metrics SDK, "Cardinality limits"). */
const MAX_POINTS = 2000
/** What is beyond is counted together. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }

/**
 * Requests and attempts, counted since the start. The SDK's instruments sort and serialise the attributes at every
 * count; here a point is found by one key, and its attributes are made once.
 */
export class RequestCounts {
  readonly #active = new Map<string, SumPoint>()
  readonly #attempts = new Map<string, SumPoint>()
  readonly #durations = new Map<string, DurationPoint>()

  get active(): Iterable<SumPoint> {
    return this.#active.values()
  }

  get attempts(): Iterable<SumPoint> {
    return this.#attempts.values()
  }

  get durations(): Iterable<DurationPoint> {
    return this.#durations.values()
  }

  labels(facts: RouteFacts): RouteLabels {
    // No line feed is in any of these.
    const { routePath, origin, cluster = '' } = facts
    const key = `${routePath}\n${origin.namespace}\n${origin.name}\n${cluster}`
    return { key, facts }
  }

  begin(method: string, scheme: string): void {
    this.#activePoint(method, scheme).value += 1
  }

  attempt(route: RouteLabels | undefined, error: ErrorCode | undefined): void {
    const outcome = error ?? 'answered'
    const key = `${route?.key}\n${outcome}`
    const point =
      this.#attempts.get(key) ??
      addPoint(
        this.#attempts,
        key,
        { ...(route && describeRoute(route.facts)), [attribute.outcome]: outcome },
        newSum,
      )
    point.value += 1
  }

  end(request: EndedRequest): void {
    this.#activePoint(request.method, request.scheme).value -= 1
    const seconds = request.durationMs / 1000
    const point = this.#durationPoint(request)
    let bucket = 0
    while (bucket < DURATION_BUCKETS_S.length && seconds > (DURATION_BUCKETS_S[bucket] ?? 0)) bucket += 1
    point.buckets[bucket] = (point.buckets[bucket] ?? 0) + 1
    point.count += 1
    point.sum += seconds
    if (seconds < point.min) point.min = seconds
    if (seconds > point.max) point.max = seconds
  }

  #activePoint(method: string, scheme: string): SumPoint {
    const key = `${method}\n${scheme}`
    return (
      this.#active.get(key) ??
      addPoint(this.#active, key, { [attribute.method]: method, [attribute.scheme]: scheme }, newSum)
    )
  }

  #durationPoint({ method, scheme, httpVersion, route, status, error }: EndedRequest): DurationPoint {
    const key = `${route?.key}\n${method}\n${scheme}\n${httpVersion}\n${status}\n${error}`
    const known = this.#durations.get(key)
    if (known !== undefined) return known
    const attributes = {
      [attribute.method]: method,
      [attribute.scheme]: scheme,
      [attribute.protocolVersion]: httpVersion,
      ...(route && describeRoute(route.facts)),
      ...describeOutcome(status, error, 500),
    }
    return addPoint(this.#durations, key, attributes, newDurations)
  }
}

function addPoint<Point>(
  points: Map<string, Point>,
  key: string,
  attributes: Attributes,
  make: (attributes: Attributes) => Point,
): Point {
  const isFull = points.size >= MAX_POINTS
  const place = isFull ? 'overflow' : key
  const point = points.get(place) ?? make(isFull ? OVERFLOW : attributes)
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
