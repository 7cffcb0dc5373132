import { nodeAddress, podAddress, refusedBy, serviceAddress, uidOf } from './addresses.ts'
import { type ClusterSize, Layout } from './layout.ts'
import { readTemplate } from './template.ts'
import type { FedCluster, FeedEvent } from './watch-feed.ts'

/** The domain under which the agent exposes the Services. */
export const domain = 'bench.example.com'
const servicesPerNamespace = 50
const podsPerNode = 100
/** Versions are as long as in a cluster that has run for a while. */
const oldestVersion = 700_000_000

/**
 * Services whose requests are measured. All but one of their endpoints are not ready, so that the first request on a new
 * table shows whether it goes to the new one.
 */
const probedServices = 10

const templates = {
  Service: readTemplate('service.yaml', ['app', 'namespace', 'uid', 'version', 'address']),
  EndpointSlice: readTemplate('endpointslice.yaml', [
    'app',
    'number',
    'namespace',
    'uid',
    'version',
    'endpoints',
  ]),
  endpoint: readTemplate('endpoint.yaml', ['name', 'namespace', 'uid', 'address', 'node', 'ready']),
  Pod: readTemplate('pod.yaml', ['name', 'app', 'namespace', 'uid', 'version', 'address', 'node']),
  Node: readTemplate('node.yaml', ['name', 'uid', 'version', 'address']),
  Namespace: readTemplate('namespace.yaml', ['name', 'uid', 'version']),
  NetworkPolicy: readTemplate('networkpolicy.yaml', ['namespace', 'uid', 'version', 'network']),
}

/** A Pod in its place behind a Service. */
interface Place {
  /** Counts the Pods that there have been: its name, UID and address come from it. */
  readonly id: number
  readonly version: number
}

/** An endpoint that is being replaced. Each step happens when it is called. */
export interface Replacement {
  readonly host: string
  /** The new endpoint's. */
  readonly address: string
  /** The new Pod is there. */
  addPod(): FeedEvent
  /** The slice names it instead of the old one: the change that a gateway must follow. */
  changeSlice(): FeedEvent
  /** The old Pod is gone. */
  removePod(): FeedEvent
}

/** A made-up cluster of Services with ten Pods each, and perhaps a large one, as the texts of its objects. */
export class BenchCluster implements FedCluster {
  /** Without the large one, whose number this is. */
  readonly services: number
  readonly hasLarge: boolean
  /** The numbers of Services whose ready endpoint lies where servers can listen: in 10.244.0.0/16. */
  readonly probed: readonly number[]
  readonly #probed: ReadonlySet<number>
  readonly #layout: Layout
  readonly #places: Place[]
  readonly #sliceVersions: number[]
  #pods: number
  #replaced = 0
  #version = 800_000_000

  constructor(services: number, size: ClusterSize = {}) {
    this.services = services
    this.#layout = new Layout(services, size)
    this.hasLarge = this.#layout.allServices > services
    const step = Math.max(1, Math.floor(services / probedServices))
    this.probed = Array.from({ length: Math.min(services, probedServices) }, (_, at) => at * step)
    this.#probed = new Set(this.probed)
    const { pods, slices } = this.#layout
    this.#places = Array.from({ length: pods }, (_, id) => ({ id, version: oldestVersion + id }))
    this.#sliceVersions = Array.from({ length: slices }, (_, at) => oldestVersion + at)
    this.#pods = pods
  }

  get version(): number {
    return this.#version
  }

  advance(): number {
    return ++this.#version
  }

  sizeOf(kind: string): number {
    switch (kind) {
      case 'Pod':
        return this.#places.length
      case 'Node':
        return Math.ceil(this.#places.length / podsPerNode)
      case 'Namespace':
      case 'NetworkPolicy':
        return Math.ceil(this.#layout.allServices / servicesPerNamespace)
      case 'EndpointSlice':
        return this.#layout.slices
      default:
        return this.#layout.allServices
    }
  }

  /** The object of a kind at a place in its list, as JSON without its type. */
  item(kind: string, at: number): string {
    const [uid, version] = [uidOf(kind, at), `${oldestVersion + at}`]
    switch (kind) {
      case 'Service':
        return templates.Service({ ...this.#names(at), uid, version, address: serviceAddress(at) })
      case 'EndpointSlice':
        return this.#slice(at)
      case 'Pod':
        return this.#pod(at, this.#placeAt(at))
      case 'Node':
        return templates.Node({ name: `node-${at}`, uid, version, address: nodeAddress(at) })
      case 'Namespace':
        return templates.Namespace({ name: `ns-${at}`, uid, version })
      case 'NetworkPolicy':
        return templates.NetworkPolicy({ namespace: `ns-${at}`, uid, version, network: refusedBy(at) })
      default:
        throw new Error(`Cannot list ${kind}: the bench's cluster has none`)
    }
  }

  /** Puts another Pod, with another address, in the place of a Service's first one. */
  replaceEndpoint(service: number): Replacement {
    const at = this.#layout.placeOf(service, this.#replaced++)
    const { app, namespace } = this.#names(service)
    const { id: before } = this.#placeAt(at)
    const after = this.#pods++
    const change = (type: FeedEvent['type'], id: number): FeedEvent => {
      const version = this.advance()
      return { kind: 'Pod', type, version, object: this.#pod(at, { id, version }) }
    }
    return {
      host: `${app}.${namespace}.${domain}`,
      address: this.#podFacts(at, after).address,
      addPod: () => change('ADDED', after),
      changeSlice: () => {
        const version = this.advance()
        this.#places[at] = { id: after, version }
        const slice = this.#layout.sliceOfPod(at)
        this.#sliceVersions[slice] = version
        return { kind: 'EndpointSlice', type: 'MODIFIED', version, object: this.#slice(slice) }
      },
      removePod: () => change('DELETED', before),
    }
  }

  #slice(at: number): string {
    const { service, number, first, size } = this.#layout.slice(at)
    const { app, namespace } = this.#names(service)
    const endpoints = Array.from({ length: size }, (_, slot) => {
      const { id } = this.#placeAt(first + slot)
      const ready = `${slot === 0 || !this.#probed.has(service)}`
      return templates.endpoint({ ...this.#podFacts(first + slot, id), namespace, ready })
    })
    return templates.EndpointSlice({
      app,
      number: `${number}`,
      namespace,
      uid: uidOf('EndpointSlice', at),
      version: `${this.#sliceVersions[at] ?? oldestVersion}`,
      endpoints: `[${endpoints.join(',')}]`,
    })
  }

  #pod(at: number, { id, version }: Place): string {
    const names = this.#names(this.#layout.serviceOfPod(at))
    return templates.Pod({ ...this.#podFacts(at, id), ...names, version: `${version}` })
  }

  #podFacts(at: number, id: number): Record<'name' | 'uid' | 'address' | 'node', string> {
    const service = this.#layout.serviceOfPod(at)
    const isProbed = this.#probed.has(service) && this.#layout.slice(service).first === at
    return {
      name: `${this.#names(service).app}-7d9c5b8f6-${id.toString(36).padStart(5, '0')}`,
      uid: uidOf('Pod', id),
      address: podAddress(id, isProbed),
      node: `node-${Math.floor(at / podsPerNode)}`,
    }
  }

  #placeAt(at: number): Place {
    const place = this.#places[at]
    if (place === undefined) throw new RangeError(`Cannot find Pod ${at}: there are ${this.#places.length}`)
    return place
  }

  #names(service: number): { app: string; namespace: string } {
    return { app: `svc-${service}`, namespace: `ns-${Math.floor(service / servicesPerNamespace)}` }
  }
}
