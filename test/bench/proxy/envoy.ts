import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareEnvoy } from '../../../infra/dev/peer-programs.ts'
import { type Peer, proxyCore } from '../peer.ts'
import { listens } from '../stage.ts'
import { backendAddresses, backendPort, hostCount, hostsOfPools } from '../workload.ts'

const TYPES = 'type.googleapis.com/envoy.extensions'
const HTTP = `${TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager`

export const envoy: Peer = {
  name: 'envoy',
  hosts: hostCount,
  find: () => prepareEnvoy(process.env),
  start(stage, port, program) {
    const config = join(stage.folder, 'envoy.json')
    writeFileSync(config, JSON.stringify(envoyConfig(port, join(stage.folder, 'envoy.log'))))
    const command = [program, '-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'warn']
    return stage.start('envoy', proxyCore, command, listens('127.0.0.1', port))
  },
}

function envoyConfig(port: number, log: string) {
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager(log) }]
  return {
    static_resources: {
      listeners: [{ name: 'bench', address: socket('127.0.0.1', port), filter_chains: [{ filters }] }],
      clusters: hostsOfPools().map((_hosts, pool) => clusterOf(`b${pool}`)),
    },
  }
}

/** It makes request ids by itself, and sets x-forwarded-for and -proto for clients of its own. */
function manager(log: string) {
  const traceparent = {
    key: 'traceparent',
    value: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  }
  return {
    '@type': HTTP,
    stat_prefix: 'bench',
    use_remote_address: true,
    generate_request_id: true,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    access_log: [
      {
        name: 'envoy.access_loggers.file',
        typed_config: { '@type': `${TYPES}.access_loggers.file.v3.FileAccessLog`, path: log },
      },
    ],
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPES}.filters.http.router.v3.Router` },
      },
    ],
    route_config: {
      request_headers_to_add: [{ header: traceparent, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      virtual_hosts: hostsOfPools().map((domains, pool) => ({
        name: `b${pool}`,
        domains,
        routes: [{ match: { prefix: '/' }, route: { cluster: `b${pool}`, timeout: '0s' } }],
      })),
    },
  }
}

function clusterOf(name: string) {
  const endpoints = backendAddresses.map((address) => ({
    endpoint: { address: socket(address, backendPort) },
  }))
  const most = 100_000
  return {
    name,
    type: 'STATIC',
    lb_policy: 'LEAST_REQUEST',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
    circuit_breakers: {
      thresholds: [{ max_connections: most, max_pending_requests: most, max_requests: most }],
    },
  }
}

function socket(address: string, port: number) {
  return { socket_address: { address, port_value: port } }
}
