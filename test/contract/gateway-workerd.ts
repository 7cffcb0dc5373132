import { keyBindings } from '../support/keys.ts'
import { CLUSTER, publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'
import { startWorkerd, type WorkerBundle } from '../support/workerd.ts'
import { socketClient } from './gateway-node.ts'
import type { Shell } from './gateway-shell.ts'

/** The Worker as it is deployed, in Cloudflare's own runtime, with a real relay. */
export function workerdShell(bundle: () => WorkerBundle, dial: 'fetch' | 'socket'): Shell {
  return {
    name: dial === 'fetch' ? 'workerd' : 'workerd over sockets',
    start: async (yaml) => {
      const published = await publishBehindRelay(yaml)
      const workerd = await startWorkerd({
        script: bundle().script,
        bindings: {
          ...keyBindings,
          RELAY_URL: published.relay.url,
          RELAY_TOKEN: TOKEN,
          CLUSTER,
          PODS: 'direct',
          DIAL: dial,
          REFRESH: '0s',
          JWKS_CIDRS: '127.0.0.0/8',
          JWKS_HTTP: 'on',
          AUTH_CIDRS: '127.0.0.0/8',
          AUTH_HTTP: 'on',
        },
        onLog: (line) => console.log(line),
      })
      return {
        ...socketClient(workerd.port),
        publish: published.publish,
        close: async () => {
          await workerd.stop()
          await published.close()
        },
      }
    },
  }
}
