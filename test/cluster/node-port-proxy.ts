import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import * as v from 'valibot'
import type { Cluster } from './cluster.ts'
import { internalAddress, parseNode } from './objects.ts'
import { readSlices } from './reads.ts'

const serviceSchema = v.object({
  spec: v.object({
    externalTrafficPolicy: v.string(),
    ports: v.tuple([v.object({ nodePort: v.number() })]),
  }),
})

/** kube-proxy of every Node, for one Service: its NodePort leads to a ready Pod, of that Node alone when so asked. */
export class NodePortProxy {
  /** Nodes that were connected to, in their order. */
  readonly nodes: string[] = []
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  static async start(cluster: Cluster, namespace: string, service: string): Promise<NodePortProxy> {
    const proxy = new NodePortProxy()
    const name = { apiVersion: 'v1', kind: 'Service', name: service, namespace }
    const { spec } = v.parse(serviceSchema, await cluster.objects.get(name))
    const isLocal = spec.externalTrafficPolicy === 'Local'
    for (const node of (await cluster.list('/api/v1/nodes')).map(parseNode)) {
      const backend = async (): Promise<[number, string]> => {
        const endpoints = (await readSlices(cluster, namespace, service)).flatMap(({ endpoints, ports }) =>
          (endpoints ?? [])
            .filter(({ conditions }) => conditions.ready === true)
            .filter(({ nodeName }) => !isLocal || nodeName === node.metadata.name)
            .map(({ addresses }): [number, string] => [ports?.[0]?.port ?? 0, addresses[0] ?? '']),
        )
        if (endpoints[0] === undefined) throw new Error(`${node} has no ready Pod`)
        return endpoints[0]
      }
      await proxy.#listen(node.metadata.name, internalAddress(node) ?? '', spec.ports[0].nodePort, backend)
    }
    return proxy
  }

  stop(): void {
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #listen(
    node: string,
    address: string,
    port: number,
    backend: () => Promise<[port: number, address: string]>,
  ): Promise<void> {
    const server = createServer((client) => {
      this.nodes.push(node)
      this.#keep(client)
      backend()
        .then(([port, address]) => {
          const pod = connect(port, address)
          this.#keep(pod)
          // Each ends when the other does, a Pod that cannot be reached included.
          return pipeline(client, pod, client)
        })
        .catch(() => client.destroy())
    })
    server.listen(port, address)
    await once(server, 'listening')
    this.#servers.push(server)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
