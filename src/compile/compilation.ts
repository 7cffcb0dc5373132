import type { ChallengeRecord } from '../model/credential-records.ts'
import type { Namespace } from '../model/objects/namespace.ts'
import { type KubeObject, keyOf } from '../model/objects/object.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { type PosternRecord, type RecordKind, serviceKey } from '../model/records.ts'
import { readAllowedHosts } from './allowed-hosts.ts'
import { ClaimBoard } from './claim-board.ts'
import { Diagnosis } from './diagnosis.ts'
import { DuplicateBoard } from './duplicate-board.ts'
import { EndpointBoard } from './endpoint-board.ts'
import { endpointRefusals } from './endpoints.ts'
import { HeldHosts } from './held-hosts.ts'
import { NamespaceIndex } from './namespace-index.ts'
import { compileNode } from './node.ts'
import type { CompileOptions, ServiceExposure } from './output.ts'
import { OverlapBoard } from './overlap-board.ts'
import { ownProblems } from './own-problems.ts'
import { ProblemBook } from './problem-book.ts'
import { compileRoute } from './route.ts'
import type { Withheld } from './secrets/referrer.ts'
import { SecretBoard } from './secrets/secret-board.ts'
import { type CompiledService, compileService } from './service.ts'

export type ObjectChange =
  | { readonly type: 'put'; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly key: string }
  /** What a source found while reading, for example a file that is not YAML; replaces what it found before. */
  | { readonly type: 'found'; readonly facet: string; readonly problems: readonly Problem[] }
  /** Why a Secret or ConfigMap (kind/namespace/name) that may be there has not been given; undefined: no longer so. */
  | { readonly type: 'withheld'; readonly key: string; readonly reason: Withheld | undefined }
  /** What gateways answer a certificate authority (key host/token); undefined: nothing any more. */
  | { readonly type: 'challenge'; readonly key: string; readonly value: ChallengeRecord | undefined }
  /** What time it is (ms since the Unix epoch), by which certificates are judged; before the first they are not. */
  | { readonly type: 'time'; readonly at: number }

/** A record that is new or different, or (null) gone. */
export type RecordChange =
  | PosternRecord
  | { readonly kind: RecordKind; readonly key: string; readonly value: null }

/**
 * Objects → records and problems, incrementally: what an object touches is compiled again, and nothing else. The
 * outcome depends on the objects alone, never on the order in which they came.
 */
export class Compilation {
  readonly #services = new Map<string, CompiledService>()
  readonly #namespaces = new NamespaceIndex()
  readonly #book = new ProblemBook()
  readonly #endpoints: EndpointBoard
  readonly #claims: ClaimBoard
  readonly #diagnosis: Diagnosis
  readonly #duplicates = new DuplicateBoard(this.#namespaces, this.#book)
  readonly #held = new HeldHosts()
  readonly #overlaps = new OverlapBoard(this.#book)
  readonly #secrets: SecretBoard
  readonly #options: CompileOptions
  /** Services (namespace/name) to tell of: see takeServices. */
  readonly #touched = new Set<string>()
  #out: RecordChange[] = []

  constructor(options: CompileOptions) {
    this.#options = options
    this.#endpoints = new EndpointBoard(this.#namespaces, options)
    this.#claims = new ClaimBoard(options)
    this.#secrets = new SecretBoard(this.#namespaces, this.#book, options.certificates)
    this.#diagnosis = new Diagnosis(this.#namespaces, this.#endpoints, this.#book, options)
  }

  /** Takes changes of objects; returns what changed of the records. */
  apply(changes: Iterable<ObjectChange>): RecordChange[] {
    for (const change of changes) this.#take(change)
    this.#settleHosts()
    this.#settleEndpoints()
    this.#secrets.settle(this.#out)
    this.#diagnosis.settle()
    this.#duplicates.settle()
    this.#overlaps.settle()
    for (const { key, problems } of this.#book.takeChanged()) {
      this.#out.push({ kind: 'problem', key, value: problems.length > 0 ? problems : null })
    }
    const out = this.#out
    // The caller's: a first one, of everything, would otherwise be held until there is another.
    this.#out = []
    return out
  }

  /** An object as it is now, by kind/namespace/name. */
  object(key: string): KubeObject | undefined {
    return this.#namespaces.object(key)
  }

  /** The Services that changed since the last call, or of which it may have changed whether they are exposed. */
  takeServices(): ServiceExposure[] {
    const names = [...this.#touched]
    this.#touched.clear()
    return names.map((name) => {
      const service = serviceOf(this.object(`Service/${name}`))
      return { name, service, isExposed: this.#claims.hasPlace(name), hosts: this.#held.of(name) }
    })
  }

  #take(change: ObjectChange): void {
    switch (change.type) {
      case 'found':
        this.#book.replace(change.facet, change.problems)
        return
      case 'withheld':
        this.#secrets.withhold(change.key, change.reason)
        return
      case 'challenge':
        this.#out.push({ kind: 'challenge', key: change.key, value: change.value ?? null })
        return
      case 'time':
        this.#secrets.tellTime(change.at)
        return
      default:
        this.#takeObject(change)
    }
  }

  #takeObject(change: Extract<ObjectChange, { type: 'put' | 'delete' }>): void {
    const key = change.type === 'put' ? keyOf(change.object) : change.key
    const before = this.#namespaces.object(key)
    const after = change.type === 'put' ? change.object : undefined
    if (before !== undefined) this.#namespaces.remove(before)
    if (after !== undefined) this.#namespaces.add(after)
    this.#endpoints.note(before, after)
    this.#duplicates.note(before, after)
    const some = after ?? before
    if (some === undefined) return
    if (some.kind === 'Secret' || some.kind === 'ConfigMap') {
      this.#secrets.note(key)
      return
    }
    this.#diagnosis.note(some, after)
    this.#compile(some, before, after)
  }

  #compile(some: KubeObject, before: KubeObject | undefined, after: KubeObject | undefined): void {
    switch (some.kind) {
      case 'Service':
        this.#compileService(nameOf(some), serviceOf(before), serviceOf(after))
        return
      case 'Node': {
        const value = after?.kind === 'Node' ? compileNode(after) : null
        this.#out.push({ kind: 'node', key: some.meta.name, value })
        return
      }
      case 'NetworkPolicy':
      case 'ServiceImport':
        this.#book.replace(`${some.kind} ${nameOf(some)}`, ownProblems(after))
        return
      case 'Namespace':
        this.#compileNamespace(some.meta.name, after?.kind === 'Namespace' ? after : undefined)
        return
      default:
    }
  }

  #compileService(name: string, old: Service | undefined, after: Service | undefined): void {
    this.#touched.add(name)
    const before = this.#services.get(name)
    const compiled = after === undefined ? undefined : compileService(after, this.#options)
    if (compiled === undefined) this.#services.delete(name)
    else this.#services.set(name, compiled)
    this.#book.replace(`claims ${name}`, this.#claims.ask(name, compiled?.claims ?? []))
    this.#replaceServiceRecord(before, compiled)
    this.#book.replace(`service ${name}`, compiled?.problems ?? [])
    if ((before?.record === undefined) !== (compiled?.record === undefined)) this.#endpoints.noteService(name)
    const port = after && exposedPort(after, compiled)
    const isByNode = compiled?.record?.target.type === 'node'
    this.#diagnosis.noteService(name, after && port && { service: after, port, isByNode })
    const hosts = compiled?.claims.map(({ host }) => host) ?? []
    this.#duplicates.replace(old, after, port && { port, hosts })
    this.#secrets.refer(name, after, compiled?.references ?? [], ownHosts(compiled))
  }

  /** Touches its Services' claims, and nothing else of them. */
  #compileNamespace(name: string, after: Namespace | undefined): void {
    const { hosts, problems } = after === undefined ? { hosts: [], problems: [] } : readAllowedHosts(after)
    this.#book.replace(`namespace ${name}`, problems)
    if (!this.#claims.allow(name, hosts)) return
    for (const service of this.#namespaces.services(name)) {
      this.#touched.add(service)
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
      this.#overlaps.replace(host, record)
      for (const service of this.#held.replace(host, record)) this.#touched.add(service)
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
    for (const service of touched) this.#diagnosis.noteEndpoints(service)
  }
}

function serviceOf(object: KubeObject | undefined): Service | undefined {
  return object?.kind === 'Service' ? object : undefined
}

/** The port that requests go to, when they go to something in the cluster: what a name outside leads to is not ours to see. */
function exposedPort({ spec }: Service, compiled: CompiledService | undefined): ServicePort | undefined {
  const record = compiled?.record
  if (record === undefined || record.target.type === 'external') return undefined
  return spec.ports.find(({ port, protocol }) => port === record.port && protocol === 'TCP')
}

/** Names of Pods are below a wildcard of two levels, which no certificate of the Service needs to be for. */
function ownHosts(compiled: CompiledService | undefined): readonly string[] {
  return (compiled?.claims ?? []).filter(({ isForPods }) => !isForPods).map(({ host }) => host)
}

function nameOf({ meta }: KubeObject): string {
  return `${meta.namespace}/${meta.name}`
}
