import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeKey, SliceHold } from '../../../src/agent/cluster/slice-hold.ts'
import { Compilation, type ObjectChange } from '../../../src/compile/compilation.ts'
import { type KubeObject, parseObject } from '../../../src/model/objects/object.ts'
import type { EndpointRecord } from '../../../src/model/records.ts'
import { compileOptions } from '../../support/compile.ts'
import { ManualTimers } from '../../support/manual-timers.ts'

const HOLD_MS = 1_000

function put(raw: object): ObjectChange {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
  return { type: 'put', object: parsed.object }
}

const service = put({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web', annotations: { 'postern.dev/expose': 'true' } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
})

/** Without an address, as a Pod is before its containers run, when that is ''. */
function pod(id: number, address = addressOf(id), phase = 'Running'): ObjectChange {
  return put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: `web-${id}`, uid: `u${id}`, labels: { app: 'web' } },
    spec: { containers: [{}] },
    status: { phase, ...(address === '' ? {} : { podIP: address }) },
  })
}

const podGone = (id: number): ObjectChange => ({ type: 'delete', key: `Pod/shop/web-${id}` })

interface Named {
  readonly id: number
  readonly ready?: boolean
  readonly uid?: string
  readonly isPod?: boolean
}

function slice(endpoints: readonly Named[], owner = 'web'): ObjectChange {
  return put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'web-x', labels: { 'kubernetes.io/service-name': owner } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: endpoints.map(({ id, ready = true, uid = `u${id}`, isPod = true }) => ({
      addresses: [addressOf(id)],
      conditions: { ready },
      ...(isPod && { targetRef: { kind: 'Pod', namespace: 'shop', name: `web-${id}`, uid } }),
    })),
  })
}

function addressOf(id: number): string {
  return `10.244.0.${id}`
}

/** Held slices before a real compiler. */
class Rig {
  readonly timers = new ManualTimers()
  readonly #compilation = new Compilation(compileOptions)
  readonly #hold = new SliceHold({
    timers: this.timers,
    given: (key): KubeObject | undefined => this.#compilation.object(key),
    onDue: () => this.give(),
  })
  readonly receivedAt: number[] = []
  #endpoints: readonly EndpointRecord[] = []

  give(...changes: ObjectChange[]): this {
    const batch = new Map(changes.map((change) => [changeKey(change), change]))
    const sifted = this.#hold.sift({ changes: batch, receivedAt: this.receivedAt.length })
    this.receivedAt.push(sifted.receivedAt)
    for (const record of this.#compilation.apply(sifted.changes.values())) {
      if (record.kind === 'endpoints') this.#endpoints = record.value?.endpoints ?? []
    }
    return this
  }

  /** What is published, as numbers of Pods. */
  get served(): number[] {
    return this.#endpoints
      .filter(({ ready }) => ready)
      .map(({ address }) => Number(address.split('.').at(-1)))
  }

  slice(): KubeObject | undefined {
    return this.#compilation.object('EndpointSlice/shop/web-x')
  }
}

const started = () => new Rig().give(service, pod(1), slice([{ id: 1 }]))

test('a slice that comes before the only Pod in it stays as it was until the Pod is there', () => {
  const rig = started().give(slice([{ id: 2 }]))
  expect(rig.served).toEqual([1])
  expect(rig.give(pod(2)).served).toEqual([2])
  expect(rig.timers.running).toBe(0)
})

test('a Pod that is known without its address, or by another UID, is waited for as well', () => {
  const addressless = started().give(pod(2, ''), slice([{ id: 2 }]))
  expect(addressless.served).toEqual([1])
  expect(addressless.give(pod(2)).served).toEqual([2])
  const renewed = started().give(slice([{ id: 1, uid: 'new' }]))
  expect(renewed.served).toEqual([1])
})

test('a slice is held for a second at most, however often it changes meanwhile', () => {
  const rig = started().give(slice([{ id: 2 }]))
  for (let change = 0; change < 9; change++) {
    rig.timers.pass(HOLD_MS / 10)
    rig.give(slice([{ id: 3 + change }]))
    expect(rig.served).toEqual([1])
  }
  rig.timers.pass(HOLD_MS / 10)
  expect(rig.served).toEqual([])
  expect(rig.timers.running).toBe(0)
  // It serves nothing any more: there is nothing to hold on to.
  expect(rig.give(slice([{ id: 12 }])).timers.running).toBe(0)
  expect(rig.give(pod(12)).served).toEqual([12])
})

test('what waited is told with the moment at which it was first heard of', () => {
  const rig = started()
  const at = rig.receivedAt.length
  rig
    .give(slice([{ id: 2 }]))
    .give()
    .give(pod(2))
  expect(rig.receivedAt.at(-1)).toBe(at)
})

test('while another of the slice can serve nothing is held: what it no longer has goes at once', () => {
  const rig = new Rig().give(service, pod(1), pod(2), slice([{ id: 1 }, { id: 2 }]))
  expect(rig.give(slice([{ id: 2 }, { id: 3 }])).served).toEqual([2])
  expect(rig.timers.running).toBe(0)
})

test('a slice that takes its endpoints away, or has those that are no Pods, is not held', () => {
  expect(started().give(slice([])).served).toEqual([])
  expect(started().give(slice([{ id: 1, ready: false }])).served).toEqual([])
  expect(started().give(slice([{ id: 2, ready: false }])).served).toEqual([])
  expect(started().give(slice([{ id: 2, isPod: false }, { id: 3 }])).served).toEqual([2])
})

test('a Pod that ends while its slice is held is not asked any more', () => {
  const ends = [podGone(1), pod(1, addressOf(1), 'Failed'), pod(1, addressOf(9))]
  for (const end of ends) {
    const rig = started().give(slice([{ id: 2 }]))
    expect(rig.give(end).served).toEqual([])
    expect(rig.timers.running).toBe(0)
    expect(rig.give(pod(2)).served).toEqual([2])
  }
})

test('a slice that is given to another Service, or deleted, leaves the first at once', () => {
  expect(started().give(slice([{ id: 2 }], 'other')).served).toEqual([])
  const held = started().give(slice([{ id: 2 }]))
  expect(held.give({ type: 'delete', key: 'EndpointSlice/shop/web-x' }).served).toEqual([])
  expect(held.timers.running).toBe(0)
  expect(held.give(pod(2)).served).toEqual([])
})

/** A one-replica Service's history: each Pod gets an address, then the slice names it, and later the one before ends. */
function histories(count: number): { readonly pods: ObjectChange[]; readonly slices: ObjectChange[] } {
  const ids = Array.from({ length: count }, (_, at) => at + 2)
  return {
    pods: ids.flatMap((id) => [pod(id, ''), pod(id)]),
    slices: ids.map((id) => slice([{ id }])),
  }
}

test('whichever watch is ahead, while no Pod ends something is served, and only what has been seen', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 3 })), { maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), steps, (count, some) => {
      const { pods, slices } = histories(count)
      const rig = started()
      const seen = new Set([1])
      for (const [fewPods, fewSlices] of [...some, [pods.length, slices.length]]) {
        const batch = [...pods.splice(0, fewPods), ...slices.splice(0, fewSlices)]
        for (const change of batch) {
          if (change.type !== 'put' || change.object.kind !== 'Pod') continue
          if (change.object.status.addresses.length > 0) seen.add(Number(change.object.meta.uid.slice(1)))
        }
        rig.give(...batch)
        expect(rig.served).toHaveLength(1)
        expect(rig.served.every((id) => seen.has(id))).toBe(true)
      }
      expect(rig.served).toEqual([count + 1])
      expect(rig.timers.running).toBe(0)
    }),
    { numRuns: 500 },
  )
})
