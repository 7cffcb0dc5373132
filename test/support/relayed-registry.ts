import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { StoredChange } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, frozenClock } from '../contract/registry-samples.ts'
import { signedHeads, signer } from './keys.ts'
import { endpointsRecord, routeRecord, serviceRecord } from './records.ts'
import { startRelay, systemFetch, type TestRelay, TOKEN, untilAt, untilRead } from './relay.ts'

/** One route with one service and one slice. */
export const shop = [
  routeRecord('shop.example', 'shop/web:80'),
  serviceRecord('shop/web:80'),
  endpointsRecord('shop/web/a', ['192.0.2.1']),
]

/** A registry in memory behind a real relay; a publish is done once the relay has it. */
export class RelayedRegistry {
  readonly registry = new MemoryRegistry()
  readonly #publisher = new Publisher({ writer: this.registry, cluster, clock: frozenClock, heads: signer })
  /** What the relay has answered, and how many streams it has opened. */
  readonly answers: [resource: string, status: number][] = []
  joined = 0
  #relay: TestRelay | undefined

  static async start(): Promise<RelayedRegistry> {
    const relayed = new RelayedRegistry()
    const observer = {
      answered: (resource: string, status: number) => void relayed.answers.push([resource, status]),
      followerJoined: () => void relayed.joined++,
      followerLeft: () => {},
    }
    relayed.#relay = await startRelay(relayed.registry, { observer })
    await untilRead(relayed.#relay.mirror)
    return relayed
  }

  async publish(changes: readonly StoredChange[]): Promise<void> {
    await this.#publisher.publish(changes, 1000)
    await this.#settled()
  }

  async heartbeat(observedAt: number): Promise<void> {
    await this.#publisher.heartbeat(observedAt)
    await this.#settled()
  }

  get url(): string {
    return this.#relay?.url ?? ''
  }

  get(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.url + path, { headers: { authorization: `Bearer ${TOKEN}`, ...fields } })
  }

  hosts(): HttpHostReader {
    return new HttpHostReader({
      url: this.url,
      token: TOKEN,
      cluster,
      heads: signedHeads,
      fetch: systemFetch,
    })
  }

  async close(): Promise<void> {
    await this.#relay?.close()
  }

  async #settled(): Promise<void> {
    const { after } = await this.registry.load(new AbortController().signal)
    if (after && this.#relay) await untilAt(this.#relay.mirror, after.position)
  }
}
