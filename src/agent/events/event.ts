import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import type { KubeObject } from '../../model/objects/object.ts'
import type { Problem } from '../../model/problem.ts'
import { watchedKinds } from '../cluster/kinds.ts'
import { microTime } from '../cluster/micro-time.ts'

const eventSchema = v.object({
  eventTime: v.string(),
  series: v.nullish(v.object({ count: v.number(), lastObservedTime: v.string() })),
})

const CONTROLLER = 'postern.dev/agent'
/** The API's limit of a note. */
const NOTE_BYTES = 1024
/** Where Events on objects of the whole cluster stand. */
const CLUSTER_NAMESPACE = 'default'

/** Problems of one code on one object: one Event, however long they last. */
export interface EventSubject {
  readonly object: KubeObject
  readonly code: string
  /** At least one, the worst first. */
  readonly problems: readonly Problem<string>[]
}

/** How often it has been seen. */
export interface EventSeries {
  readonly count: number
  /** Milliseconds since the Unix epoch. */
  readonly lastAt: number
}

/** The collection that an object's Events are in. */
export function eventsPath({ meta }: KubeObject): string {
  return `/apis/events.k8s.io/v1/namespaces/${meta.namespace || CLUSTER_NAMESPACE}/events`
}

/** One name for each object and code: an agent that starts anew finds the Event that is there. */
export function eventName({ meta }: KubeObject, code: string): string {
  const digest = bytesToHex(sha256(utf8ToBytes(`${meta.uid} ${code}`))).slice(0, 16)
  return `${meta.name.slice(0, 200).replace(/[-.]+$/, '')}.${digest}`
}

/**
 * events.k8s.io/v1 Event.
 * @param instance which agent says so
 */
export function eventOf(
  { object, code, problems }: EventSubject,
  instance: string,
  series: EventSeries,
): object {
  const { kind, meta } = object
  const isNormal = problems.every(({ severity }) => severity === 'info')
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(object, code), namespace: meta.namespace || CLUSTER_NAMESPACE },
    eventTime: microTime(series.lastAt),
    reportingController: CONTROLLER,
    reportingInstance: instance.slice(0, 128),
    action: 'Compile',
    reason: reasonOf(code),
    regarding: {
      apiVersion: watchedKinds.find((each) => each.kind === kind)?.apiVersion ?? '',
      kind,
      ...(meta.namespace === '' ? {} : { namespace: meta.namespace }),
      name: meta.name,
      uid: meta.uid,
    },
    note: noteOf(problems),
    type: isNormal ? 'Normal' : 'Warning',
    // A series begins with the second time.
    ...(series.count > 1 ? seriesPatch(series) : {}),
  }
}

/** What a repetition changes; nothing else of an Event may be. */
export function seriesPatch({ count, lastAt }: EventSeries): { readonly series: object } {
  return { series: { count, lastObservedTime: microTime(lastAt) } }
}

/** How often, and when last, an Event that the API server gave says something. */
export function readSeries(event: unknown): EventSeries | undefined {
  const parsed = v.safeParse(eventSchema, event)
  if (!parsed.success) return undefined
  const { eventTime, series } = parsed.output
  const lastAt = Date.parse(series?.lastObservedTime ?? eventTime)
  return Number.isNaN(lastAt) ? undefined : { count: series?.count ?? 1, lastAt }
}

/** `port-unknown` → `PortUnknown` */
export function reasonOf(code: string): string {
  return code
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}

/** The first problem, and how many more there are; cut where the API would refuse it. */
export function noteOf(problems: readonly Problem<string>[]): string {
  const [first, ...others] = problems
  const more = others.length === 0 ? '' : ` (and ${others.length} more of the kind)`
  const note = first === undefined ? '' : `${first.field}: ${first.message}${more}. ${first.hint}`
  const bytes = utf8ToBytes(note.replace(/^: /, ''))
  if (bytes.length <= NOTE_BYTES) return note.replace(/^: /, '')
  // A character that is cut in two is dropped.
  const cut = new TextDecoder().decode(bytes.subarray(0, NOTE_BYTES - 3), { stream: true })
  return `${cut}…`
}
