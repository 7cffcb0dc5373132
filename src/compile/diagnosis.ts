import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { findShutOut } from './admission.ts'
import { type Labels, podsBehind, type Surroundings } from './backing.ts'
import type { EndpointBoard } from './endpoint-board.ts'
import type { SliceSummary } from './endpoint-slice.ts'
import { diagnoseEndpoints } from './endpoints.ts'
import { KnownNodes } from './known-nodes.ts'
import { diagnoseNamespace } from './namespace-guard.ts'
import type { NamespaceIndex } from './namespace-index.ts'
import { findRefusedNodePort } from './node-port.ts'
import { findNoNode } from './node-reach.ts'
import type { CompileOptions } from './output.ts'
import type { ProblemBook } from './problem-book.ts'
import { ShutOutBoard } from './shut-out-board.ts'
import { diagnoseTargetPort } from './target-port.ts'

/** A Service that is exposed, and the port that is. */
export interface Exposed {
  readonly service: Service
  readonly port: ServicePort
  /** Requests go to its NodePort. */
  readonly isByNode: boolean
}

/**
 * What can only be said of a Service with its surroundings in view, incrementally: its slices and their Pods, the
 * NetworkPolicies of its namespace, and, while nothing can serve, every Pod and workload there.
 */
export class Diagnosis {
  readonly #namespaces: NamespaceIndex
  readonly #endpoints: EndpointBoard
  readonly #book: ProblemBook
  readonly #options: CompileOptions
  readonly #shutOuts: ShutOutBoard
  /** Exposed Services, by namespace/name. */
  readonly #exposed = new Map<string, Exposed>()
  /** Services of which to say anew what is wrong around them. */
  readonly #doubtful = new Set<string>()
  /** Services that cannot be served, by namespace: a Pod or a workload may be why. */
  readonly #ailing = new Map<string, Set<string>>()
  readonly #dirtyNamespaces = new Set<string>()
  readonly #nodes = new KnownNodes()
  #gatewayNamespaceLabels: Labels | undefined

  constructor(
    namespaces: NamespaceIndex,
    endpoints: EndpointBoard,
    book: ProblemBook,
    options: CompileOptions,
  ) {
    this.#namespaces = namespaces
    this.#endpoints = endpoints
    this.#book = book
    this.#options = options
    this.#shutOuts = new ShutOutBoard(book, options.gatewayPods)
  }

  /** A Service (namespace/name) was compiled. */
  noteService(name: string, exposed: Exposed | undefined): void {
    if (exposed === undefined) this.#exposed.delete(name)
    else this.#exposed.set(name, exposed)
    this.#doubtful.add(name)
    this.#dirtyNamespaces.add(namespaceOf(name))
  }

  /** Endpoints of a Service (namespace/name) changed, or what they are judged by. */
  noteEndpoints(name: string): void {
    this.#doubtful.add(name)
  }

  /** Takes note of a change of any other object, after the namespace index has. */
  note(some: KubeObject, after: KubeObject | undefined): void {
    const { namespace, name } = some.meta
    switch (some.kind) {
      case 'NetworkPolicy':
        this.#dirtyNamespaces.add(namespace)
        for (const service of this.#namespaces.services(namespace)) this.#doubtful.add(service)
        return
      case 'Namespace':
        if (name !== this.#options.gatewayPods.namespace) return
        this.#gatewayNamespaceLabels = after?.meta.labels
        for (const service of this.#exposed.keys()) this.#doubtful.add(service)
        return
      case 'Node':
        if (!this.#nodes.replace(name, after?.kind === 'Node' ? after : undefined)) return
        for (const [service, { isByNode }] of this.#exposed) if (isByNode) this.#doubtful.add(service)
        return
      case 'Service':
      case 'EndpointSlice':
        return
      default:
        for (const service of this.#ailing.get(namespace) ?? []) this.#doubtful.add(service)
    }
  }

  settle(): void {
    for (const service of this.#doubtful) this.#diagnose(service)
    this.#doubtful.clear()
    this.#shutOuts.settle()
    for (const namespace of this.#dirtyNamespaces) {
      const isExposed = [...this.#namespaces.services(namespace)].some((name) => this.#exposed.has(name))
      const problems = diagnoseNamespace(
        namespace,
        isExposed,
        this.#policies(namespace),
        this.#options.gatewayPods,
      )
      this.#book.replace(`guard ${namespace}`, problems)
    }
    this.#dirtyNamespaces.clear()
  }

  #diagnose(name: string): void {
    const exposed = this.#exposed.get(name)
    const namespace = namespaceOf(name)
    const slices = exposed === undefined ? [] : this.#endpoints.slicesOf(name)
    const around = this.#surroundings(name)
    const endpoints = slices.flatMap(({ pods }) => pods)
    // Without a selector the slices say which port it is, not the Service.
    const hasTarget = exposed?.service.spec.selector !== undefined
    const pods = hasTarget ? podsBehind(exposed.service, endpoints, around) : []
    const wrongTarget = exposed === undefined ? [] : diagnoseTargetPort(exposed.service, exposed.port, pods)
    this.#book.replace(`target ${name}`, wrongTarget)
    // A name that no Pod knows is in no slice: once said is enough.
    const port = wrongTarget.some(({ severity }) => severity === 'error') ? undefined : exposed?.port
    const silence = exposed === undefined ? [] : diagnoseEndpoints(exposed.service, port, slices, around)
    this.#noteAiling(namespace, name, silence.length > 0)
    this.#book.replace(`endpoints ${name}`, silence)
    // Where nothing can serve anyway, that is said already.
    const byNode = exposed?.isByNode && silence.length === 0 ? exposed : undefined
    this.#book.replace(
      `node-port ${name}`,
      byNode === undefined ? [] : this.#diagnoseNodePort(byNode, slices),
    )
    const guard = {
      policies: this.#policies(namespace),
      gateway: this.#options.gatewayPods,
      gatewayNamespaceLabels: this.#gatewayNamespaceLabels,
    }
    this.#shutOuts.replace(name, exposed && findShutOut(pods, exposed.port, guard))
  }

  #diagnoseNodePort({ service, port }: Exposed, slices: readonly SliceSummary[]): readonly Problem[] {
    const refused = findRefusedNodePort(service, port, slices)
    return refused.length > 0 ? refused : findNoNode(service, port, slices, this.#nodes.all)
  }

  #noteAiling(namespace: string, name: string, isAiling: boolean): void {
    const ailing = this.#ailing.get(namespace) ?? new Set<string>()
    if (isAiling) this.#ailing.set(namespace, ailing.add(name))
    else if (ailing.delete(name) && ailing.size === 0) this.#ailing.delete(namespace)
  }

  #surroundings(service: string): Surroundings {
    const namespace = namespaceOf(service)
    return {
      pod: (name) => this.#namespaces.pod(namespace, name),
      pods: () => [...this.#namespaces.pods(namespace)],
      workloads: () => [...this.#namespaces.workloads(namespace)],
      slices: () => [...this.#namespaces.slices(service)],
    }
  }

  #policies(namespace: string): readonly NetworkPolicy[] {
    return [...this.#namespaces.policies(namespace)]
  }
}

function namespaceOf(name: string): string {
  return name.slice(0, name.indexOf('/'))
}
