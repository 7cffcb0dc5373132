import type { Meter } from '@opentelemetry/api'
import type { Clock } from '../model/clock.ts'
import { metric } from './names.ts'

interface Writer<P extends { readonly changes: readonly unknown[] }, R extends { readonly ok: boolean }> {
  publish(publish: P): Promise<R>
}

/** Counts what an agent publishes, and how old its picture of the cluster is. */
export function observeAgent<
  P extends { readonly changes: readonly unknown[] },
  R extends { readonly ok: boolean },
>(meter: Meter, writer: Writer<P, R>, observedAt: () => number | undefined, clock: Clock): Writer<P, R> {
  const publishes = meter.createCounter(metric.publishes, {
    description: 'Publishes to the registry, by outcome: written, fenced or failed.',
    unit: '{publish}',
  })
  const records = meter.createCounter(metric.publishedRecords, {
    description: 'Records written to the registry.',
    unit: '{record}',
  })
  meter
    .createObservableGauge(metric.observationAge, {
      description: 'Age of the oldest moment at which every watch was live.',
      unit: 's',
    })
    .addCallback((result) => {
      const moment = observedAt()
      if (moment !== undefined) result.observe(Math.max(0, clock.now() - moment) / 1000)
    })
  return {
    publish: async (publish) => {
      try {
        const result = await writer.publish(publish)
        publishes.add(1, { outcome: result.ok ? 'written' : 'fenced' })
        if (result.ok) records.add(publish.changes.length)
        return result
      } catch (error) {
        publishes.add(1, { outcome: 'failed' })
        throw error
      }
    },
  }
}

/** Counts the problems that the rate of Events holds back. */
export function observeEvents(meter: Meter, waiting: () => number): void {
  meter
    .createObservableGauge(metric.eventsWaiting, {
      description: 'Problems that have appeared and are not written as Events yet.',
      unit: '{event}',
    })
    .addCallback((result) => result.observe(waiting()))
}

/** Says whether this agent is the one that publishes. */
export function observeLeader(meter: Meter, isLeading: () => boolean): void {
  meter
    .createObservableGauge(metric.leader, {
      description: 'Whether this agent leads, and so publishes: 1, or stands by: 0.',
      unit: '1',
    })
    .addCallback((result) => result.observe(isLeading() ? 1 : 0))
}

/** Says whether what is published is signed. */
export function observeSigned(meter: Meter, isSigned: () => boolean): void {
  meter
    .createObservableGauge(metric.agentSigned, {
      description: 'Whether what is published is signed: 0 with --unsigned.',
      unit: '1',
    })
    .addCallback((result) => result.observe(isSigned() ? 1 : 0))
}
