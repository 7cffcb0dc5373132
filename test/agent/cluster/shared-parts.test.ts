import { expect, test } from 'vitest'
import { SharedParts } from '../../../src/agent/cluster/shared-parts.ts'
import { parseObject } from '../../../src/model/objects/object.ts'

function pod(name: string, labels: Readonly<Record<string, string>>) {
  const parsed = parseObject({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'Ready', status: 'True' }] },
  })
  if (parsed.type !== 'object' || parsed.object.kind !== 'Pod') throw new Error('The Pod cannot be read')
  return parsed.object
}

test('Pods of one template hold the same labels and containers, and are what they were', () => {
  const parts = new SharedParts()
  const [one, two] = [pod('web-1', { app: 'web' }), pod('web-2', { app: 'web' })]
  const [first, second] = [parts.share(one), parts.share(two)]
  expect([first, second]).toEqual([one, two])
  expect(second.meta.labels).toBe(first.meta.labels)
  expect(second).toHaveProperty('spec.containers', one.spec.containers)
})

test('Pods that differ share nothing of what differs', () => {
  const parts = new SharedParts()
  parts.share(pod('web-1', { app: 'web' }))
  expect(parts.share(pod('api-1', { app: 'api' })).meta.labels).toEqual({ app: 'api' })
})

test('parts that are all different are shared correctly past the bound', () => {
  const parts = new SharedParts()
  const first = parts.share(pod('web-0', { number: '0' }))
  for (let n = 1; n <= 10_100; n++) parts.share(pod(`web-${n}`, { number: `${n}` }))
  const again = parts.share(pod('web-0', { number: '0' }))
  expect(again).toEqual(first)
  expect(again.meta.labels).not.toBe(first.meta.labels)
})
