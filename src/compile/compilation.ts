import type { Namespace } from '../model/objects/namespace.ts'
import { type KubeObject, keyOf, objectKey } from '../model/objects/object.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { type PosternRecord, type RecordKind, serviceKey } from '../model/records.ts'
import { readAllowedHosts } from './allowed-hosts.ts'
import { ClaimBoard } from './claim-board.ts'
import { EndpointBoard } from './endpoint-board.ts'
import { diagnoseEndpoints, endpointRefusals } from './endpoints.ts'
import { NamespaceIndex } from './namespace-index.ts'
import { policyProblems } from './network-policy.ts'
import { compileNode } from './node.ts'
import type { CompileOptions } from './output.ts'
import { ProblemBook } from './problem-book.ts'
import { compileRoute } from './route.ts'
import { type CompiledService, compileService } from './service.ts'

export type ObjectChange =
  | { readonly type: 'put'; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly key: string }
  /** What a source found while reading, for example a file that is not YAML; replaces what it found before. */
  | { readonly type: 'found'; readonly facet: string; readonly problems: readonly Problem[] }

/** A record that is new or different, or (null) gone. */
export type RecordChange =
  | PosternRecord
  | { readonly kind: RecordKind; readonly key: string; readonly value: null }

/**
 * Objects → records and problems, incrementally: what an object touches is compiled again, and nothing else. The
 * outcome depends on the objects alone, never on the order in which they came.
 */
export class Compilation {
  readonly #objects = new Map<string, KubeObject>()
  readonly #services = new Map<string, CompiledService>()
  readonly #namespaces = new NamespaceIndex()
  readonly #book = new ProblemBook()
  readonly #endpoints: EndpointBoard
  readonly #claims: ClaimBoard
  /** Services (namespace/name) of which to say anew why they cannot be served, if they cannot. */
  readonly #doubtful = new Set<string>()
  /** Services that cannot be served, by namespace: a Pod or a workload may be why. */
  readonly #ailing = new Map<string, Set<string>>()
  readonly #options: CompileOptions
  #out: RecordChange[] = []

  constructor(options: CompileOptions) {
    this.#options = options
    this.#endpoints = new EndpointBoard(this.#namespaces, options)
    this.#claims = new ClaimBoard(options)
  }

  /** Takes changes of objects; returns what changed of the records. */
  apply(changes: Iterable<ObjectChange>): RecordChange[] {
    this.#out = []
    for (const change of changes) this.#take(change)
    this.#settleHosts()
    this.#settleEndpoints()
    for (const service of this.#doubtful) this.#diagnose(service)
    this.#doubtful.clear()
    for (const { key, problems } of this.#book.takeChanged()) {
      this.#out.push({ kind: 'problem', key, value: problems.length > 0 ? problems : null })
    }
    return this.#out
  }

  #take(change: ObjectChange): void {
    if (change.type === 'found') {
      this.#book.replace(change.facet, change.problems)
      return
    }
    const key = change.type === 'put' ? keyOf(change.object) : change.key
    const before = this.#objects.get(key)
    const after = change.type === 'put' ? change.object : undefined
    if (after === undefined) this.#objects.delete(key)
    else this.#objects.set(key, after)
    if (before !== undefined) this.#namespaces.remove(before)
    if (after !== undefined) this.#namespaces.add(after)
    this.#endpoints.note(before, after)
    const some = after ?? before
    if (some !== undefined) this.#compile(some, after)
  }

  #compile(some: KubeObject, after: KubeObject | undefined): void {
    switch (some.kind) {
      case 'Service':
        this.#compileService(some, after?.kind === 'Service' ? after : undefined)
        return
      case 'Node': {
        const value = after?.kind === 'Node' ? compileNode(after) : null
        this.#out.push({ kind: 'node', key: some.meta.name, value })
        return
      }
      case 'NetworkPolicy': {
        const problems = after?.kind === 'NetworkPolicy' ? policyProblems(after) : []
        this.#book.replace(`policy ${nameOf(some)}`, problems)
        return
      }
      case 'Namespace':
        this.#compileNamespace(some.meta.name, after?.kind === 'Namespace' ? after : undefined)
        return
      case 'EndpointSlice':
        return
      default:
        // A Pod or a workload: it shows in what is said of Services that cannot be served.
        for (const name of this.#ailing.get(some.meta.namespace) ?? []) this.#doubtful.add(name)
    }
  }

  #compileService(some: Service, after: Service | undefined): void {
    const name = nameOf(some)
    const before = this.#services.get(name)
    const compiled = after === undefined ? undefined : compileService(after, this.#options)
    if (compiled === undefined) this.#services.delete(name)
    else this.#services.set(name, compiled)
    this.#book.replace(`claims ${name}`, this.#claims.ask(name, compiled?.claims ?? []))
    this.#replaceServiceRecord(before, compiled)
    this.#book.replace(`service ${name}`, compiled?.problems ?? [])
    if ((before?.record === undefined) !== (compiled?.record === undefined)) this.#endpoints.noteService(name)
    this.#doubtful.add(name)
  }

  /** Touches its Services' claims, and nothing else of them. */
  #compileNamespace(name: string, after: Namespace | undefined): void {
    const { hosts, problems } = after === undefined ? { hosts: [], problems: [] } : readAllowedHosts(after)
    this.#book.replace(`namespace ${name}`, problems)
    if (!this.#claims.allow(name, hosts)) return
    for (const service of this.#namespaces.services(name)) {
      this.#book.replace(`claims ${service}`, this.#claims.judge(service))
    }
  }

  #replaceServiceRecord(before: CompiledService | undefined, after: CompiledService | undefined): void {
    const [old, record] = [before?.record, after?.record]
    const oldKey = old && serviceKey(old.namespace, old.name, old.port)
    const key = record && serviceKey(record.namespace, record.name, record.port)
    if (oldKey !== undefined && oldKey !== key) this.#out.push({ kind: 'service', key: oldKey, value: null })
    if (key !== undefined && record !== undefined) this.#out.push({ kind: 'service', key, value: record })
  }

  #settleHosts(): void {
    for (const { host, claims } of this.#claims.takeChanged()) {
      const { record, problems } = compileRoute(host, claims)
      this.#out.push({ kind: 'route', key: host, value: record ?? null })
      this.#book.replace(`host ${host}`, problems)
    }
  }

  #settleEndpoints(): void {
    const touched = this.#endpoints.settle(
      // Slices of Services that are not exposed stay in the cluster.
      (service) => this.#services.get(service)?.record !== undefined,
      this.#out,
      (ref, slice, refusals) => {
        this.#book.replace(`slice ${ref}`, slice === undefined ? [] : endpointRefusals(slice, refusals))
      },
    )
    for (const service of touched) this.#doubtful.add(service)
  }

  #diagnose(name: string): void {
    const [namespace] = splitName(name)
    const object = this.#objects.get(objectKey('Service', ...splitName(name)))
    const target = this.#services.get(name)?.record?.target
    // What a name outside leads to is not ours to see.
    const isServed = object?.kind === 'Service' && target !== undefined && target.type !== 'external'
    const problems = isServed
      ? diagnoseEndpoints(object, this.#endpoints.slicesOf(name), {
          pods: () => [...this.#namespaces.pods(namespace)],
          workloads: () => [...this.#namespaces.workloads(namespace)],
        })
      : []
    const ailing = this.#ailing.get(namespace) ?? new Set<string>()
    if (problems.length > 0) this.#ailing.set(namespace, ailing.add(name))
    else if (ailing.delete(name) && ailing.size === 0) this.#ailing.delete(namespace)
    this.#book.replace(`endpoints ${name}`, problems)
  }
}

function nameOf({ meta }: KubeObject): string {
  return `${meta.namespace}/${meta.name}`
}

function splitName(name: string): [namespace: string, name: string] {
  const slash = name.indexOf('/')
  return [name.slice(0, slash), name.slice(slash + 1)]
}
