import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { type Pod, podAddresses } from '../model/objects/pod.ts'
import type { EndpointsRecord } from '../model/records.ts'
import { AddressBook } from './address-book.ts'
import type { RecordChange } from './compilation.ts'
import { type CompiledSlice, compileEndpointSlice, type Judgement, serviceOfSlice } from './endpoint-slice.ts'
import type { NamespaceIndex } from './namespace-index.ts'
import { type PolicySet, policySetOf } from './network-policy.ts'
import type { CompileOptions } from './output.ts'
import { refusalOf } from './reach.ts'
import { SliceIndex, type SliceRef } from './slice-index.ts'

/** What stands in the registry of one slice. */
interface Emitted {
  readonly compiled: CompiledSlice
  readonly policies: ReadonlySet<string>
}

/**
 * Slices of exposed Services → endpoints and policy records, incrementally: a slice is compiled again when it changes,
 * and when something does that its endpoints are judged by: their Pods, who holds their addresses, NetworkPolicies.
 */
export class EndpointBoard {
  readonly #options: CompileOptions
  readonly #namespaces: NamespaceIndex
  readonly #book = new AddressBook()
  readonly #index = new SliceIndex()
  readonly #dirty = new Set<SliceRef>()
  readonly #emitted = new Map<SliceRef, Emitted>()
  /** What each Pod's policies come to, for as long as neither changes. */
  readonly #policyOfPod = new Map<string, PolicySet | undefined>()
  /** How many slices name each policy record. */
  readonly #policyUses = new Map<string, number>()

  constructor(namespaces: NamespaceIndex, options: CompileOptions) {
    this.#namespaces = namespaces
    this.#options = options
  }

  /** Takes note of a change of any object, after the namespace index has. */
  note(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const some = after ?? before
    if (some === undefined) return
    const address = this.#book.replace(before, after).flatMap((each) => this.#index.ofAddress(each))
    for (const ref of address) this.#dirty.add(ref)
    if (some.kind === 'EndpointSlice') {
      for (const slice of [before, after]) {
        if (slice?.kind === 'EndpointSlice') this.#markSlice(slice)
      }
      this.#index.replace(sliceOf(before), sliceOf(after))
    } else if (some.kind === 'Pod') {
      this.#notePod(podOf(before), podOf(after))
    } else if (some.kind === 'NetworkPolicy') {
      this.#notePolicy(some.meta.namespace)
    }
  }

  /** A Service (namespace/name) became exposed, or is no longer. */
  noteService(service: string): void {
    for (const slice of this.#namespaces.slices(service)) this.#markSlice(slice)
  }

  /** What a Service's slices came to. */
  slicesOf(service: string): CompiledSlice[] {
    return [...this.#namespaces.slices(service)].flatMap(
      ({ meta }) => this.#emitted.get(`${service}/${meta.name}`)?.compiled ?? [],
    )
  }

  /** Compiles what was marked. @returns the Services (namespace/name) whose slices changed. */
  settle(isExposed: (service: string) => boolean, out: RecordChange[], found: SliceFindings): Set<string> {
    const services = new Set<string>()
    const policies = new Map<string, PolicySet>()
    const uses = new Map(this.#policyUses)
    for (const ref of this.#dirty) {
      const service = ref.slice(0, ref.lastIndexOf('/'))
      services.add(service)
      const slice = isExposed(service) ? this.#namespaces.slice(service, nameOf(ref)) : undefined
      this.#emit(ref, slice, policies, out, found)
    }
    this.#dirty.clear()
    for (const [key, { record }] of policies) {
      if (!uses.has(key) && this.#policyUses.has(key)) out.push({ kind: 'policy', key, value: record })
    }
    for (const key of uses.keys()) {
      if (!this.#policyUses.has(key)) out.push({ kind: 'policy', key, value: null })
    }
    return services
  }

  #emit(
    ref: SliceRef,
    slice: EndpointSlice | undefined,
    policies: Map<string, PolicySet>,
    out: RecordChange[],
    found: SliceFindings,
  ): void {
    const before = this.#emitted.get(ref)
    const compiled =
      slice && compileEndpointSlice(slice, (endpoint) => this.#judge(slice, endpoint, policies))
    const used = policiesOf(compiled?.record)
    for (const key of used) if (!before?.policies.has(key)) this.#use(key, 1)
    for (const key of before?.policies ?? []) if (!used.has(key)) this.#use(key, -1)
    if (compiled === undefined) this.#emitted.delete(ref)
    else this.#emitted.set(ref, { compiled, policies: used })
    if (compiled !== undefined || before !== undefined) {
      out.push({ kind: 'endpoints', key: ref, value: compiled?.record ?? null })
    }
    found(ref, slice, compiled?.refusals ?? [])
  }

  #judge(slice: EndpointSlice, endpoint: SliceEndpoint, policies: Map<string, PolicySet>): Judgement {
    const { namespace } = slice.meta
    const { targetRef } = endpoint
    const pod = targetRef?.kind === 'Pod' ? this.#namespaces.pod(namespace, targetRef.name) : undefined
    const refusal = refusalOf(endpoint, namespace, pod, this.#book, this.#options)
    if (refusal !== undefined || pod === undefined) return { refusal, policy: undefined }
    const set = this.#policySet(pod)
    if (set !== undefined) policies.set(set.key, set)
    return { refusal, policy: set?.key }
  }

  #policySet(pod: Pod): PolicySet | undefined {
    const key = `${pod.meta.namespace}/${pod.meta.name}`
    if (!this.#policyOfPod.has(key)) {
      this.#policyOfPod.set(key, policySetOf(pod, this.#namespaces.policies(pod.meta.namespace)))
    }
    return this.#policyOfPod.get(key)
  }

  #notePod(before: Pod | undefined, after: Pod | undefined): void {
    const some = after ?? before
    // Most of a Pod's events are news of its status, which the slice tells better.
    if (some === undefined || factsOf(before) === factsOf(after)) return
    const key = `${some.meta.namespace}/${some.meta.name}`
    this.#policyOfPod.delete(key)
    for (const ref of this.#index.ofPod(key)) this.#dirty.add(ref)
  }

  #notePolicy(namespace: string): void {
    for (const pod of this.#namespaces.pods(namespace)) {
      this.#policyOfPod.delete(`${namespace}/${pod.meta.name}`)
    }
    for (const service of this.#namespaces.services(namespace)) this.noteService(service)
  }

  #markSlice(slice: EndpointSlice): void {
    const service = serviceOfSlice(slice)
    if (service !== undefined) this.#dirty.add(`${service}/${slice.meta.name}`)
  }

  #use(key: string, by: 1 | -1): void {
    const uses = (this.#policyUses.get(key) ?? 0) + by
    if (uses === 0) this.#policyUses.delete(key)
    else this.#policyUses.set(key, uses)
  }
}

/** Told of every slice that was compiled: the slice (undefined when it is gone) and what was refused in it. */
export type SliceFindings = (
  ref: SliceRef,
  slice: EndpointSlice | undefined,
  refusals: CompiledSlice['refusals'],
) => void

function policiesOf(record: EndpointsRecord | undefined): ReadonlySet<string> {
  return new Set(record?.endpoints.flatMap(({ policy }) => policy ?? []))
}

/** What an endpoint is judged by, of its Pod. */
function factsOf(pod: Pod | undefined): string {
  if (pod === undefined) return ''
  const { meta, spec } = pod
  const ports = [spec.containers, spec.initContainers]
  return JSON.stringify([meta.uid, meta.labels, spec.hostNetwork, ports, podAddresses(pod).map(normaliseIp)])
}

function sliceOf(object: KubeObject | undefined): EndpointSlice | undefined {
  return object?.kind === 'EndpointSlice' ? object : undefined
}

function podOf(object: KubeObject | undefined): Pod | undefined {
  return object?.kind === 'Pod' ? object : undefined
}

function nameOf(ref: SliceRef): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}
