import type { Attributes, Meter } from '@opentelemetry/api'
import { attribute, metric } from './names.ts'

/** Structurally the gateway's status of a cluster, as far as it is measured. */
interface Status {
  /** Undefined where there is one only. */
  readonly cluster?: string | undefined
  readonly source: 'registry' | 'disk' | null
  readonly observedSecondsAgo: number | null
  readonly isStale: boolean
  readonly isSigned: boolean
  readonly disk: { readonly writtenSecondsAgo: number | null } | null
}

/** Measures how old what a gateway serves is, and where it came from. */
export function observeGateway(meter: Meter, statuses: () => readonly Status[]): void {
  const gauge = (name: string, unit: string, description: string, read: (now: Status) => number | null) =>
    meter.createObservableGauge(name, { description, unit }).addCallback((result) => {
      for (const status of statuses()) {
        const value = read(status)
        if (value !== null) result.observe(value, attributesOf(status.cluster))
      }
    })
  gauge(
    metric.gatewayObservationAge,
    's',
    'Age of the oldest moment at which every watch of the agent was live, as the gateway serves it.',
    ({ observedSecondsAgo }) => observedSecondsAgo,
  )
  gauge(
    metric.gatewayStale,
    '1',
    'Whether that is longer ago than --max-stale: Pods are not reached by their addresses.',
    ({ isStale }) => Number(isStale),
  )
  gauge(
    metric.gatewaySigned,
    '1',
    'Whether only records are taken that a trusted key has signed: 0 with --unsigned.',
    ({ isSigned }) => Number(isSigned),
  )
  gauge(metric.gatewayFromDisk, '1', 'Whether the table in force came from disk.', ({ source }) =>
    source === null ? null : Number(source === 'disk'),
  )
  gauge(
    metric.diskCopyAge,
    's',
    'How long ago the records on disk were written by this process.',
    ({ disk }) => disk?.writtenSecondsAgo ?? null,
  )
}

/** Structurally the listener's counts. */
interface Connections {
  readonly open: number
  readonly refused: Readonly<Record<string, number>>
}

/** Measures the connections of clients: how many are open, and how many were refused, by the bound that they met. */
export function observeConnections(meter: Meter, counts: () => Connections): void {
  meter
    .createObservableGauge(metric.gatewayConnections, {
      description: 'Connections of clients that are open.',
      unit: '{connection}',
    })
    .addCallback((result) => result.observe(counts().open))
  meter
    .createObservableCounter(metric.gatewayConnectionsRefused, {
      description: 'Connections of clients that were refused, by bound: total or client.',
      unit: '{connection}',
    })
    .addCallback((result) => {
      for (const [bound, count] of Object.entries(counts().refused)) result.observe(count, { bound })
    })
}

/** Counts writes of the records to disk. */
export function observeDiskWrites(meter: Meter, cluster?: string): (outcome: 'written' | 'failed') => void {
  const writes = meter.createCounter(metric.diskWrites, {
    description: 'Writes of the records to disk, by outcome: written or failed.',
    unit: '{write}',
  })
  return (outcome) => writes.add(1, { outcome, ...attributesOf(cluster) })
}

function attributesOf(cluster: string | undefined): Attributes {
  return cluster === undefined ? {} : { [attribute.cluster]: cluster }
}
