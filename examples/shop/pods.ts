import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Pod, podAddresses } from '../../src/model/objects/pod.ts'
import { parseManifest } from '../../src/source/parse.ts'

const MANIFESTS = new URL('./manifests/', import.meta.url)

export interface ShopPods {
  close(): Promise<void>
}

/** Starts a real HTTP server for each Pod in the manifests, on the Pod's own address and port. */
export async function startShopPods(): Promise<ShopPods> {
  const servers: Server[] = []
  for (const file of readdirSync(MANIFESTS).sort()) {
    for (const { object } of parseManifest(readFileSync(new URL(file, MANIFESTS), 'utf8'), file).objects) {
      if (object.kind === 'Pod') servers.push(await startPod(object))
    }
  }
  return {
    close: async () => {
      await Promise.all(servers.map(close))
    },
  }
}

async function startPod(pod: Pod): Promise<Server> {
  const port = pod.spec.containers[0]?.ports[0]?.containerPort
  const [host] = podAddresses(pod)
  const server = createServer((request, response) => void answer(pod, request, response))
  server.listen({ port, host })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`Cannot start the sample's Pod ${pod.meta.name} on ${host}:${port}: is the port taken?`, {
      cause: error,
    })
  }
  return server
}

async function answer(pod: Pod, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { name } = pod.meta
  if (request.url === '/events') {
    streamEvents(name, response)
  } else if (pod.meta.labels.app === 'web') {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!doctype html><title>Shop</title><h1>The shop</h1><p>Served by Pod ${name}. Try <a href="/api/">/api/</a>.\n`,
    )
  } else {
    let received = 0
    for await (const chunk of request) received += chunk.length
    response.setHeader('content-type', 'application/json')
    const { method, url, headers } = request
    response.end(`${JSON.stringify({ pod: name, method, url, received, headers }, undefined, 2)}\n`)
  }
}

/** One event a second, until the client leaves. */
function streamEvents(name: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let count = 0
  const tell = (): void => void response.write(`data: ${JSON.stringify({ pod: name, count: ++count })}\n\n`)
  tell()
  const timer = setInterval(tell, 1000)
  response.once('close', () => clearInterval(timer))
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
