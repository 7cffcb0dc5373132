export const endpointsPerService = 10
/** As the EndpointSlice controller fills them. */
const endpointsPerSlice = 100

export interface ClusterSize {
  /** Of each Service. */
  readonly endpoints?: number | undefined
  /** How many endpoints one more Service has; 0: there is none. */
  readonly large?: number
}

/** The Pods of one slice: places in the order of all Pods. */
export interface SliceLayout {
  readonly service: number
  /** Counts the slices of its Service. */
  readonly number: number
  readonly first: number
  readonly size: number
}

/** Which Pods and slices belong to which Service: a few and one to each, and to the last one, if it is to be large, many. */
export class Layout {
  readonly services: number
  readonly #endpoints: number
  readonly #large: number

  constructor(services: number, { endpoints = endpointsPerService, large = 0 }: ClusterSize = {}) {
    this.services = services
    this.#endpoints = endpoints
    this.#large = large
  }

  /** With the large one. */
  get allServices(): number {
    return this.services + (this.#large > 0 ? 1 : 0)
  }

  get pods(): number {
    return this.services * this.#endpoints + this.#large
  }

  get slices(): number {
    return this.services + Math.ceil(this.#large / endpointsPerSlice)
  }

  serviceOfPod(place: number): number {
    return Math.min(Math.floor(place / this.#endpoints), this.services)
  }

  sliceOfPod(place: number): number {
    const service = this.serviceOfPod(place)
    if (service < this.services) return service
    return service + Math.floor((place - service * this.#endpoints) / endpointsPerSlice)
  }

  slice(at: number): SliceLayout {
    if (at < this.services) {
      return { service: at, number: 0, first: at * this.#endpoints, size: this.#endpoints }
    }
    const number = at - this.services
    const first = this.services * this.#endpoints + number * endpointsPerSlice
    return { service: this.services, number, first, size: Math.min(endpointsPerSlice, this.pods - first) }
  }

  /** The place of a Service's endpoint that is replaced in this turn: of the large one each after the other. */
  placeOf(service: number, turn: number): number {
    return service * this.#endpoints + (service < this.services ? 0 : turn % this.#large)
  }
}
