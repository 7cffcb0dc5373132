import type { Meter } from '@opentelemetry/api'
import type { Clock } from '../model/clock.ts'
import { metric } from './names.ts'

/** Structurally the relay's observer. */
export interface RelayCounts {
  answered(resource: string, status: number): void
  followerJoined(): void
  followerLeft(reason: string): void
}

/** Counts what a relay answers, who follows it, and how old what it serves is. */
export function observeRelay(
  meter: Meter,
  observedAt: () => number | undefined,
  clock: Pick<Clock, 'now'>,
): RelayCounts {
  const requests = meter.createCounter(metric.relayRequests, {
    description: 'Answers of the relay, by resource and status; 401: a token was missing or wrong.',
    unit: '{request}',
  })
  const followers = meter.createUpDownCounter(metric.relayFollowers, {
    description: 'Streams of changes that are open.',
    unit: '{follower}',
  })
  const endings = meter.createCounter(metric.relayFollowerEndings, {
    description: 'Streams of changes that ended, by reason: left, cut (did not read), gap or stopped.',
    unit: '{follower}',
  })
  meter
    .createObservableGauge(metric.relayObservationAge, {
      description:
        'Age of the oldest moment at which every watch of the agent was live, as the relay has it.',
      unit: 's',
    })
    .addCallback((result) => {
      const moment = observedAt()
      if (moment !== undefined) result.observe(Math.max(0, clock.now() - moment) / 1000)
    })
  return {
    answered: (resource, status) => requests.add(1, { resource, status }),
    followerJoined: () => followers.add(1),
    followerLeft: (reason) => {
      followers.add(-1)
      endings.add(1, { reason })
    },
  }
}
