import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { isPodFinished, type Pod, podAddresses, podPorts } from '../model/objects/pod.ts'
import type { EndpointsRecord } from '../model/records.ts'
import { AddressBook } from './address-book.ts'
import type { RecordChange } from './compilation.ts'
import {
  type CompiledSlice,
  compileEndpointSlice,
  type Judgement,
  type SliceSummary,
  serviceOfSlice,
  summaryOf,
} from './endpoint-slice.ts'
import type { NamespaceIndex } from './namespace-index.ts'
import { type PolicySet, policySetOf } from './network-policy.ts'
import type { CompileOptions } from './output.ts'
import { PolicyUses } from './policy-uses.ts'
import { refusalOf } from './reach.ts'
import { SliceIndex, type SliceRef } from './slice-index.ts'

/** Pods of one template come together: those of others need not be remembered for long. */
const MAX_POLICY_FACTS = 1_000

/** Of one slice that stands in the registry. The record itself, of a hundred endpoints, is whoever wrote it's to hold. */
interface Emitted {
  readonly summary: SliceSummary
  /** Keys of the policy records that it names, each once. */
  readonly policies: readonly string[]
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
  /** What a namespace's policies come to for Pods of which the same is known. */
  readonly #policyOfFacts = new Map<string, PolicySet | undefined>()
  readonly #policyUses = new PolicyUses()

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
  slicesOf(service: string): SliceSummary[] {
    return [...this.#namespaces.slices(service)].flatMap(
      ({ meta }) => this.#emitted.get(`${service}/${meta.name}`)?.summary ?? [],
    )
  }

  /** Compiles what was marked. @returns the Services (namespace/name) whose slices changed. */
  settle(isExposed: (service: string) => boolean, out: RecordChange[], found: SliceFindings): Set<string> {
    const services = new Set<string>()
    for (const ref of this.#dirty) {
      const service = ref.slice(0, ref.lastIndexOf('/'))
      services.add(service)
      const slice = isExposed(service) ? this.#namespaces.slice(service, nameOf(ref)) : undefined
      this.#emit(ref, slice, out, found)
    }
    this.#dirty.clear()
    this.#policyUses.settle(out)
    return services
  }

  #emit(ref: SliceRef, slice: EndpointSlice | undefined, out: RecordChange[], found: SliceFindings): void {
    const before = this.#emitted.get(ref)
    const compiled = slice && compileEndpointSlice(slice, (endpoint) => this.#judge(slice, endpoint))
    const used = policiesOf(compiled?.record)
    this.#policyUses.move(before?.policies ?? [], used)
    if (compiled === undefined) this.#emitted.delete(ref)
    else this.#emitted.set(ref, { summary: summaryOf(compiled), policies: used })
    if (compiled !== undefined || before !== undefined) {
      out.push({ kind: 'endpoints', key: ref, value: compiled?.record ?? null })
    }
    found(ref, slice, compiled?.refusals ?? [])
  }

  #judge(slice: EndpointSlice, endpoint: SliceEndpoint): Judgement {
    const { namespace } = slice.meta
    const { targetRef } = endpoint
    const pod = targetRef?.kind === 'Pod' ? this.#namespaces.pod(namespace, targetRef.name) : undefined
    const refusal = refusalOf(endpoint, namespace, pod, this.#book, this.#options)
    if (refusal !== undefined || pod === undefined) return { refusal, policy: undefined }
    return { refusal, policy: this.#policySet(pod)?.key }
  }

  #policySet(pod: Pod): PolicySet | undefined {
    const { namespace } = pod.meta
    const facts = policyFactsOf(pod)
    if (!this.#policyOfFacts.has(facts)) {
      // Pods that are gone leave theirs behind.
      if (this.#policyOfFacts.size >= MAX_POLICY_FACTS) this.#policyOfFacts.clear()
      this.#policyOfFacts.set(facts, policySetOf(pod, this.#namespaces.policies(namespace)))
    }
    const set = this.#policyOfFacts.get(facts)
    // Held anew each time: no slice may have named it for a while.
    return set && this.#policyUses.hold(set)
  }

  #notePod(before: Pod | undefined, after: Pod | undefined): void {
    const some = after ?? before
    // Most of a Pod's events are news of its status, which the slice tells better.
    if (some === undefined || factsOf(before) === factsOf(after)) return
    for (const ref of this.#index.ofPod(some.meta.namespace, some.meta.name)) this.#dirty.add(ref)
  }

  #notePolicy(namespace: string): void {
    this.#policyOfFacts.clear()
    for (const service of this.#namespaces.services(namespace)) this.noteService(service)
  }

  #markSlice(slice: EndpointSlice): void {
    const service = serviceOfSlice(slice)
    if (service !== undefined) this.#dirty.add(`${service}/${slice.meta.name}`)
  }
}

/** Told of every slice that was compiled: the slice (undefined when it is gone) and what was refused in it. */
export type SliceFindings = (
  ref: SliceRef,
  slice: EndpointSlice | undefined,
  refusals: CompiledSlice['refusals'],
) => void

function policiesOf(record: EndpointsRecord | undefined): readonly string[] {
  return [...new Set(record?.endpoints.flatMap(({ policy }) => policy ?? []))]
}

/** What an endpoint is judged by, of its Pod. */
function factsOf(pod: Pod | undefined): string {
  if (pod === undefined) return ''
  return JSON.stringify([
    pod.meta.uid,
    isPodFinished(pod),
    podAddresses(pod).map(normaliseIp),
    policyFactsOf(pod),
  ])
}

/** What NetworkPolicies ask of a Pod. */
function policyFactsOf(pod: Pod): string {
  const { meta, spec } = pod
  return JSON.stringify([meta.namespace, meta.labels, spec.hostNetwork, podPorts(pod)])
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
