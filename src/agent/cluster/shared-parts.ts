import type { KubeObject } from '../../model/objects/object.ts'

/** Past so many different parts sharing starts over: what is unique to each object must not pile up. */
const MAX_PARTS = 10_000

/** Pods of one template say mostly the same. Equal parts of objects are held once. */
export class SharedParts {
  readonly #parts = new Map<string, unknown>()

  /** The object, of parts that other objects may hold too. */
  share(object: KubeObject): KubeObject {
    if (object.kind === 'Pod') {
      const { meta, spec, status } = object
      return {
        ...object,
        meta: { ...meta, labels: this.#one(meta.labels) },
        spec: {
          ...spec,
          containers: this.#one(spec.containers),
          initContainers: this.#one(spec.initContainers),
        },
        status: { ...status, conditions: this.#one(status.conditions) },
      }
    }
    if (object.kind === 'EndpointSlice') {
      return {
        ...object,
        ports: this.#one(object.ports),
        endpoints: object.endpoints.map((endpoint) => ({
          ...endpoint,
          conditions: this.#one(endpoint.conditions),
        })),
      }
    }
    return object
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
