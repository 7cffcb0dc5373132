import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import type { StoredChange, StoredRecord } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { signedHeads, signer } from './keys.ts'
import { endpointsRecord, routeRecord, serviceRecord } from './records.ts'

export const HOST = 'shop.localhost'

/** Several clusters' agents in one Redis, as far as gateways can tell. */
export class RedisClusters {
  readonly #url: string
  readonly #publishers = new Map<
    string,
    { readonly registry: RedisRegistry; readonly publisher: Publisher }
  >()

  constructor(url: string) {
    this.#url = url
  }

  /** Publishes shop.localhost with endpoints at these ports of 127.0.0.1. */
  async expose(cluster: string, ports: readonly number[]): Promise<void> {
    const records = [routeRecord(HOST, 'shop/web:80'), serviceRecord('shop/web:80')]
    await this.publish(cluster, [...records, ...slices(ports)])
  }

  async publish(cluster: string, changes: readonly (StoredRecord | StoredChange)[]): Promise<void> {
    await this.#publisherOf(cluster).publish(changes, systemClock.now())
  }

  async close(): Promise<void> {
    for (const { registry } of this.#publishers.values()) await registry.close()
  }

  #publisherOf(cluster: string): Publisher {
    const known = this.#publishers.get(cluster)
    if (known !== undefined) return known.publisher
    const registry = new RedisRegistry({ url: this.#url, cluster, heads: signedHeads, random: systemRandom })
    const publisher = new Publisher({ writer: registry, cluster, clock: systemClock, heads: signer })
    this.#publishers.set(cluster, { registry, publisher })
    return publisher
  }
}

/** One slice, for ports that may differ from Pod to Pod only by a slice each. */
function slices(ports: readonly number[]): StoredRecord[] {
  if (ports.length === 0) return [endpointsRecord('shop/web/0', [])]
  return ports.map((port, index) => endpointsRecord(`shop/web/${index}`, ['127.0.0.1'], [], port))
}
