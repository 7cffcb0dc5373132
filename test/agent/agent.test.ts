import { expect, test, vi } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { ManifestWatch } from '../../src/agent/manifest-watch.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { Publish } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { type Collection, collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { compileOptions } from '../support/compile.ts'
import { serviceYaml } from '../support/gateway.ts'
import { ManualTimers } from '../support/manual-timers.ts'

function observed(...yaml: string[]): Collection {
  return collectManifests(yaml.map((text, index) => parseManifest(text, `${index}.yaml`)))
}

function startAgent() {
  const registry = new MemoryRegistry()
  const sent: Publish[] = []
  const writer = {
    publish: (publish: Publish) => {
      sent.push(publish)
      return registry.publish(publish)
    },
  }
  const publisher = new Publisher({ writer, cluster: 'test', clock: frozenClock })
  const agent = new Agent({ compile: compileOptions, publisher })
  let current: Collection = observed()
  const source = { read: async () => current }
  const options = { agent, clock: frozenClock }
  const fail = (error: Error) => {
    throw error
  }
  const watch = new ManifestWatch({ ...options, source, onTrouble: fail })
  /** How many records were written for what the source holds now. */
  const observe = async (collection: Collection) => {
    const before = sent.length
    current = collection
    await watch.refresh()
    return sent.slice(before).reduce((sum, { changes }) => sum + changes.length, 0)
  }
  const lastWritten = () =>
    sent
      .at(-1)
      ?.changes.map(({ kind, key }) => `${kind} ${key}`)
      .sort()
  return { options, observe, sent, lastWritten }
}

const web = serviceYaml({ name: 'web', endpoints: [{ address: '10.0.0.1', port: 80 }] })
const api = serviceYaml({ name: 'api', endpoints: [{ address: '10.0.0.2', port: 80 }] })

test('an observation that is the same, though read anew, writes nothing', async () => {
  const { observe, sent } = startAgent()
  expect(await observe(observed(web, api))).toBeGreaterThan(0)
  expect(await observe(observed(web, api))).toBe(0)
  expect(await observe(observed(api, web))).toBe(0)
  expect(sent).toHaveLength(1)
})

test('a change of endpoints writes only the records of its slice', async () => {
  const { observe, lastWritten } = startAgent()
  await observe(observed(web, api))
  const moved = serviceYaml({ name: 'web', endpoints: [{ address: '10.0.0.3', port: 80 }] })
  expect(await observe(observed(moved, api))).toBe(1)
  expect(lastWritten()).toEqual(['endpoints shop/web/web-0'])
})

test('a slice whose change does not matter to a gateway writes nothing', async () => {
  const { observe } = startAgent()
  await observe(observed(web, api))
  const relabelled = web.replace('"kubernetes.io/service-name"', '"team":"blue","kubernetes.io/service-name"')
  expect(relabelled).not.toBe(web)
  expect(await observe(observed(relabelled, api))).toBe(0)
})

test('a slice that changes hands is deleted under its old service', async () => {
  const { observe, lastWritten } = startAgent()
  await observe(observed(web, api))
  const taken = web.replace('"kubernetes.io/service-name":"web"', '"kubernetes.io/service-name":"api"')
  await observe(observed(taken, api))
  expect(lastWritten()).toEqual(
    expect.arrayContaining(['endpoints shop/api/web-0', 'endpoints shop/web/web-0']),
  )
})

test('a change of one service writes only what is its own', async () => {
  const { observe, lastWritten } = startAgent()
  await observe(observed(web, api))
  const endpoints = [{ address: '10.0.0.1', port: 80 }]
  const annotations = { 'postern.dev/balance': 'round-robin' }
  expect(await observe(observed(serviceYaml({ name: 'web', annotations, endpoints }), api))).toBe(1)
  expect(lastWritten()).toEqual(['service shop/web:80'])
})

test('what is gone from the source is deleted', async () => {
  const { observe, sent, lastWritten } = startAgent()
  await observe(observed(web, api))
  await observe(observed(api))
  expect(lastWritten()).toEqual([
    'endpoints shop/web/web-0',
    'route web.shop.example.test',
    'service shop/web:80',
  ])
  expect(sent.at(-1)?.changes.every((change) => change.text === null)).toBe(true)
})

test('a problem of the source is written once, and taken back when it is mended', async () => {
  const { observe, sent } = startAgent()
  await observe(observed(web))
  expect(await observe(observed(web, 'a: [1'))).toBe(1)
  expect(sent.at(-1)?.changes).toMatchObject([{ kind: 'problem' }])
  expect(await observe(observed(web, 'a: [1'))).toBe(0)
  expect(await observe(observed(web))).toBe(1)
  expect(sent.at(-1)?.changes).toMatchObject([{ kind: 'problem', text: null }])
})

test('changes that come during a reading lead to exactly one more', async () => {
  const { options, observe } = startAgent()
  const gates = [Promise.withResolvers<Collection>(), Promise.withResolvers<Collection>()]
  const began = Promise.withResolvers<void>()
  let reads = 0
  const source = {
    read: () => {
      began.resolve()
      return gates[reads++]?.promise ?? Promise.reject(new Error('read once too often'))
    },
  }
  const troubles: Error[] = []
  const watch = new ManifestWatch({ ...options, source, onTrouble: (error) => troubles.push(error) })
  const first = watch.refresh()
  await began.promise
  const others = [watch.refresh(), watch.refresh()]
  gates[0]?.resolve(observed(web))
  gates[1]?.resolve(observed(web, api))
  await Promise.all([first, ...others])
  expect(reads).toBe(2)
  expect(troubles).toEqual([])
  expect(await observe(observed(web, api))).toBe(0)
})

test('a source that cannot be read is told, and read again at the next change', async () => {
  const { options, observe } = startAgent()
  let isBroken = true
  const source = { read: async () => (isBroken ? Promise.reject(new Error('broken')) : observed(web)) }
  const troubles: string[] = []
  const watch = new ManifestWatch({ ...options, source, onTrouble: (error) => troubles.push(error.message) })
  await watch.refresh()
  isBroken = false
  await watch.refresh()
  expect(troubles).toEqual(['broken'])
  expect(await observe(observed(web))).toBe(0)
})

test('files are read again every hour, so that certificates are judged by the time that it is', async () => {
  const { options } = startAgent()
  const timers = new ManualTimers()
  const stop = new AbortController()
  const read = vi.fn(async () => observed(web))
  const watch = new ManifestWatch({ ...options, source: { read }, onTrouble: () => {} })
  const repeating = watch.repeat(timers, stop.signal)
  timers.pass(3_599_999)
  expect(read).not.toHaveBeenCalled()
  timers.pass(1)
  await vi.waitFor(() => expect([read.mock.calls.length, timers.running]).toEqual([1, 1]))
  timers.pass(3_600_000)
  await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(2))
  stop.abort()
  await repeating
})
