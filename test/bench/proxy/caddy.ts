import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareCaddy } from '../../../infra/dev/peer-programs.ts'
import { type Peer, proxyCore } from '../peer.ts'
import { listens } from '../stage.ts'
import { backendAddresses, backendPort, hostCount, hostsOfPools } from '../workload.ts'

export const caddy: Peer = {
  name: 'caddy',
  hosts: hostCount,
  find: () => prepareCaddy(process.env),
  start(stage, port, program) {
    const config = join(stage.folder, 'caddy.json')
    writeFileSync(config, JSON.stringify(caddyConfig(port, join(stage.folder, 'caddy.log'))))
    const command = ['env', `XDG_CONFIG_HOME=${stage.folder}`, `XDG_DATA_HOME=${stage.folder}`, program]
    command.push('run', '--config', config)
    return stage.start('caddy', proxyCore, command, listens('127.0.0.1', port))
  },
}

function caddyConfig(port: number, log: string) {
  const access = { writer: { output: 'file', filename: log, roll: false }, encoder: { format: 'json' } }
  return {
    admin: { disabled: true },
    logging: {
      logs: {
        access: { ...access, include: ['http.log.access'] },
        default: { exclude: ['http.log.access'], level: 'WARN' },
      },
    },
    apps: {
      http: {
        servers: {
          bench: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            protocols: ['h1'],
            logs: {},
            routes: hostsOfPools().map(routeOf),
          },
        },
      },
    },
  }
}

/** Its `map` goes through its entries one by one, for ten thousand a thing nobody would do; a list of hosts is searched. */
function routeOf(hosts: readonly string[]) {
  return {
    match: [{ host: hosts }],
    terminal: true,
    handle: [
      {
        handler: 'reverse_proxy',
        upstreams: backendAddresses.map((address) => ({ dial: `${address}:${backendPort}` })),
        load_balancing: { selection_policy: { policy: 'least_conn' } },
        transport: { protocol: 'http', keep_alive: { max_idle_conns_per_host: 1024 } },
        headers: {
          request: {
            set: {
              'X-Request-Id': ['{http.request.uuid}'],
              Traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'],
            },
          },
        },
      },
    ],
  }
}
