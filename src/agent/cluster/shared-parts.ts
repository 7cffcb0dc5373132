import {
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '../../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../../model/objects/object.ts'
import type { Pod } from '../../model/objects/pod.ts'
import { oneText } from '../../model/one-text.ts'

/**
 * Past so many different parts sharing starts over: what is unique to each object must not pile up, and objects that have
 * much in common come together, for lists are in the order of names.
 */
const MAX_PARTS = 2_000

/**
 * Pods of one template say mostly the same. Equal parts of objects are held once, and parts that nobody asks for in a
 * cluster (that has the slices itself) not at all. What is left is written out member by member: an object that grew, as
 * parsers make them, or was spread takes about half as much again.
 */
export class SharedParts {
  readonly #parts = new Map<string, unknown>()
  readonly #texts = new Map<string, string>()

  /** The object as the compiler reads it, of parts that other objects may hold too. */
  share(object: KubeObject): KubeObject {
    switch (object.kind) {
      case 'Pod':
        return this.#pod(object)
      case 'EndpointSlice':
        return this.#slice(object)
      default:
        return object
    }
  }

  #pod({ meta, spec, status }: Pod): Pod {
    return {
      kind: 'Pod',
      meta: this.#meta(meta, this.#one(meta.labels)),
      // Slices say where a Pod runs and what it is called.
      spec: this.#one({ ...spec, nodeName: undefined, hostname: undefined, subdomain: undefined }),
      status: {
        phase: this.#common(status.phase),
        addresses: status.addresses.map(oneText),
        conditions: this.#one(status.conditions),
        containerStatuses: this.#one(status.containerStatuses),
      },
    }
  }

  #slice({ meta, addressType, endpoints, ports }: EndpointSlice): EndpointSlice {
    const service = meta.labels[SERVICE_NAME_LABEL]
    return {
      kind: 'EndpointSlice',
      meta: this.#meta(meta, service === undefined ? {} : { [SERVICE_NAME_LABEL]: service }),
      addressType,
      endpoints: endpoints.map((endpoint) => this.#endpoint(endpoint)),
      ports: this.#one(ports),
    }
  }

  #endpoint({ targetRef, ...endpoint }: SliceEndpoint): SliceEndpoint {
    return {
      addresses: endpoint.addresses.map(oneText),
      conditions: this.#one(endpoint.conditions),
      hostname: this.#common(endpoint.hostname),
      nodeName: this.#common(endpoint.nodeName),
      zone: this.#common(endpoint.zone),
      hints: endpoint.hints && this.#one(endpoint.hints),
      targetRef: targetRef && {
        kind: this.#common(targetRef.kind),
        namespace: this.#common(targetRef.namespace),
        name: oneText(targetRef.name),
        uid: oneText(targetRef.uid),
      },
    }
  }

  #meta(
    { name, namespace, uid, deletionTimestamp }: Pod['meta'],
    labels: Pod['meta']['labels'],
  ): Pod['meta'] {
    return {
      name: oneText(name),
      namespace: this.#common(namespace),
      uid: oneText(uid),
      deletionTimestamp,
      labels,
    }
  }

  /** A text that many objects have. */
  #common<Text extends string | undefined>(text: Text): Text | string {
    if (text === undefined) return text
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#texts.size >= MAX_PARTS) this.#texts.clear()
    this.#texts.set(text, text)
    return text
  }

  #one<Part extends object>(part: Part): Part {
    const text = JSON.stringify(part)
    const known = this.#parts.get(text)
    // Equal texts were made of equal parts, so what is there is of the same type.
    if (known !== undefined) return known as Part
    if (this.#parts.size >= MAX_PARTS) this.#parts.clear()
    this.#parts.set(text, part)
    return part
  }
}
