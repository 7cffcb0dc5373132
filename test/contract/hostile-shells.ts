import { nowhere } from '../../src/balance/place.ts'
import { Freshness } from '../../src/gateway/freshness.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import { hurried, startListener } from '../support/gateway.ts'
import { keyBindings, signedHeads } from '../support/keys.ts'
import { CLUSTER } from '../support/published.ts'
import { systemFetch } from '../support/relay.ts'
import { startWorkerd, type WorkerBundle } from '../support/workerd.ts'
import type { RelayReader, RelayReaderOptions, StartReader } from './hostile-relay.ts'

/** A Node gateway that follows the whole registry. */
export async function nodeReader({ url, token }: RelayReaderOptions): Promise<RelayReader> {
  const stop = new AbortController()
  const said: string[] = []
  const gateway = new Gateway({
    reader: new HttpRegistry({
      heads: signedHeads,
      url,
      token,
      cluster: CLUSTER,
      fetch: systemFetch,
      timers: hurried,
      silenceMs: 20_000,
      maxLoadBytes: 1_000_000,
    }),
    place: nowhere,
    freshness: new Freshness(systemClock, 0),
    timers: hurried,
    random: systemRandom,
    onTrouble: (error) => void said.push(error.message),
    onTable: () => {},
  })
  const following = gateway.run(stop.signal)
  const { port, close } = await startListener(() => gateway.table)
  return {
    port,
    said: () => said.join('\n'),
    close: async () => {
      stop.abort()
      await following
      await close()
    },
  }
}

/** The Worker in Cloudflare's own runtime, which reads host by host. */
export function workerReader(bundle: () => WorkerBundle): StartReader {
  return async ({ url, token }) => {
    const said: string[] = []
    const workerd = await startWorkerd({
      script: bundle().script,
      bindings: {
        ...keyBindings,
        RELAY_URL: url,
        ...(token === undefined ? {} : { RELAY_TOKEN: token }),
        CLUSTER,
        PODS: 'direct',
        REFRESH: '0s',
      },
      onLog: (line) => void said.push(line),
    })
    return { port: workerd.port, said: () => said.join('\n'), close: workerd.stop }
  }
}
