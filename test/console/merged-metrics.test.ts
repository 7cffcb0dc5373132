import { expect, test } from 'vitest'
import { mergeMetrics } from '../../src/console/merged-metrics.ts'

const part = (requests: number): string =>
  [
    '# HELP requests_total Requests.',
    '# UNIT requests_total {request}',
    '# TYPE requests_total counter',
    `requests_total{code="200",path="/a b{c}"} ${requests}`,
    `requests_total{code="404"} 0`,
    '# HELP age Age.',
    '# TYPE age gauge',
    `age ${requests}`,
    '',
  ].join('\n')

test('each family is there once, with the samples of all, labelled with their worker', () => {
  const own =
    '# HELP workers Workers.\n# TYPE workers gauge\nworkers 2\n# HELP age Age.\n# TYPE age gauge\nage 9\n'
  const merged = mergeMetrics([
    { worker: undefined, text: own },
    { worker: 0, text: part(1) },
    { worker: 1, text: part(2) },
  ])
  expect(merged.split('\n')).toEqual([
    '# HELP workers Workers.',
    '# TYPE workers gauge',
    'workers 2',
    '# HELP age Age.',
    '# TYPE age gauge',
    'age 9',
    'age{worker="0"} 1',
    'age{worker="1"} 2',
    '# HELP requests_total Requests.',
    '# UNIT requests_total {request}',
    '# TYPE requests_total counter',
    'requests_total{worker="0",code="200",path="/a b{c}"} 1',
    'requests_total{worker="0",code="404"} 0',
    'requests_total{worker="1",code="200",path="/a b{c}"} 2',
    'requests_total{worker="1",code="404"} 0',
    '',
  ])
})

test('a text alone stays as it is, and of none there is none', () => {
  expect(mergeMetrics([{ worker: undefined, text: part(3) }])).toBe(part(3))
  expect(mergeMetrics([])).toBe('')
})
