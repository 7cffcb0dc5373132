import { normaliseHost } from '../../model/host.ts'
import type { Position } from '../../model/position.ts'
import { bundleSchema, openBundle } from '../bundle.ts'
import { type Hint, type HostRead, type HostReader, RegistryError } from '../port.ts'
import { BodyError, textOf } from './body.ts'
import { RelayClient, type RelayClientOptions } from './client.ts'
import { eventsOf } from './events.ts'
import { changesPath, EVENTS_TYPE, etagOf, HEAD_FIELD, hintSchema, hostPath, JSON_TYPE } from './wire.ts'

export interface HttpHostReaderOptions extends RelayClientOptions {
  /** Bytes of a bundle, decompressed. */
  readonly maxBundleBytes?: number
}

const MAX_BUNDLE_BYTES = 16 * 1024 * 1024
const MAX_HINT = 1024 * 1024

/**
 * Reads a registry host by host through a relay that is not trusted: what it sends must prove itself. Web-standard, and
 * keeps nothing between calls; how old a head may be is the caller's to judge, as is how long to wait.
 */
export class HttpHostReader implements HostReader {
  readonly #client: RelayClient
  readonly #options: HttpHostReaderOptions

  constructor(options: HttpHostReaderOptions) {
    this.#client = new RelayClient(options)
    this.#options = options
  }

  async readHost(host: string, etag: string | undefined, signal: AbortSignal): Promise<HostRead> {
    if (normaliseHost(host) !== host) {
      throw new RegistryError('invalid', `Cannot read host "${host.slice(0, 253)}": it is no hostname`)
    }
    const path = hostPath(host)
    const fields = etag === undefined ? undefined : { 'if-none-match': etagOf(etag) }
    const response = await this.#client.get(path, JSON_TYPE, signal, fields)
    if (response.status === 304) {
      const head = await this.#client.headOf(response, path)
      // The old proof holds for the old root only.
      if (head.root === etag) return { type: 'unchanged', head }
      throw this.#client.error(path, 'invalid', `not modified, but ${HEAD_FIELD} has another root`)
    }
    return await this.#open(host, path, response)
  }

  async #open(host: string, path: string, response: Response): Promise<HostRead> {
    const { maxBundleBytes = MAX_BUNDLE_BYTES } = this.#options
    const { body } = response
    const text = body === null ? '' : await this.#client.reading(path, () => textOf(body, maxBundleBytes))
    const { head: headText, leaves } = this.#client.parse(path, bundleSchema, text)
    // First: what nobody has signed is not worth hashing.
    const head = await this.#client.readHead(headText, path)
    return { type: 'bundle', head, etag: head.root, records: openBundle({ head, leaves }, host) }
  }

  async *hints(position: Position, signal: AbortSignal): AsyncIterable<Hint | 'gap'> {
    const path = changesPath(position, true)
    try {
      const { body } = await this.#client.get(path, EVENTS_TYPE, signal)
      for await (const { type, data } of body === null ? [] : eventsOf(body, MAX_HINT, () => {})) {
        if (type === 'gap') {
          yield 'gap'
          return
        }
        if (type !== 'hint') continue
        const { head, owners } = this.#client.parse(path, hintSchema, data)
        yield { head: await this.#client.readHead(head, path), owners }
      }
      if (!signal.aborted) throw new BodyError('unreachable', 'the stream of hints ended')
    } catch (error) {
      if (!signal.aborted) throw this.#client.failure(path, error)
    }
  }
}
