import type { EndpointSlice, SliceEndpoint } from '../../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../../model/objects/object.ts'
import type { Pod } from '../../model/objects/pod.ts'
import { oneText } from './one-text.ts'

/** Past so many different parts sharing starts over: what is unique to each object must not pile up. */
const MAX_PARTS = 10_000

/**
 * Pods of one template say mostly the same. Equal parts of objects are held once. What is left is written out member by
 * member: an object that grew, as parsers make them, or was spread takes about half as much again.
 */
export class SharedParts {
  readonly #parts = new Map<string, unknown>()
  readonly #texts = new Map<string, string>()

  /** The object, of parts that other objects may hold too. */
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
      meta: this.#meta(meta),
      spec: {
        nodeName: this.#common(spec.nodeName),
        hostname: this.#common(spec.hostname),
        subdomain: this.#common(spec.subdomain),
        containers: this.#one(spec.containers),
        initContainers: this.#one(spec.initContainers),
        hostNetwork: spec.hostNetwork,
      },
      status: {
        phase: this.#common(status.phase),
        addresses: status.addresses.map(oneText),
        conditions: this.#one(status.conditions),
        containerStatuses: this.#one(status.containerStatuses),
      },
    }
  }

  #slice({ meta, addressType, endpoints, ports }: EndpointSlice): EndpointSlice {
    return {
      kind: 'EndpointSlice',
      meta: this.#meta(meta),
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

  #meta({ name, namespace, uid, deletionTimestamp, labels }: Pod['meta']): Pod['meta'] {
    return {
      name: oneText(name),
      namespace: this.#common(namespace),
      uid: oneText(uid),
      deletionTimestamp,
      labels: this.#one(labels),
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
