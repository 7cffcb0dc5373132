import type { Meter } from '@opentelemetry/api'
import { metric } from './names.ts'

/** Measures how many workers there are and should be. @returns to be called when one is started in the place of another that has ended */
export function observeWorkers(meter: Meter, wanted: number, serving: () => number): () => void {
  const gauge = (name: string, description: string, read: () => number) =>
    meter
      .createObservableGauge(name, { description, unit: '{worker}' })
      .addCallback((result) => result.observe(read()))
  gauge(metric.workersWanted, 'Workers that there should be (--workers).', () => wanted)
  gauge(metric.workersServing, 'Workers that answer clients.', serving)
  const restarts = meter.createCounter(metric.workersRestarts, {
    description: 'Workers that were started in the place of one that ended unasked.',
    unit: '{restart}',
  })
  return () => restarts.add(1)
}
