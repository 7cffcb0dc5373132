import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { KubeConfig } from '@kubernetes/client-node'
import { Agent, request } from 'undici'

/** What is done to the events of a watch, one JSON line each. */
export type Mangle = (line: string, send: (part: string) => void, response: ServerResponse) => void

export interface WatchMangler {
  /** File of a kubeconfig that leads through it. */
  readonly kubeconfig: string
  /** From now on, of every watch. */
  use(mangle: Mangle): void
  stop(): Promise<void>
}

export const faithful: Mangle = (line, send) => send(`${line}\n`)

/** A way to a real API server that does to watches what the server never would. */
export async function startWatchMangler(kubeconfig: string): Promise<WatchMangler> {
  const config = new KubeConfig()
  config.loadFromString(readFileSync(kubeconfig, 'utf8'))
  const [target, user] = [config.getCurrentCluster(), config.getCurrentUser()]
  if (target === null || user === null) throw new Error(`Cannot read ${kubeconfig}`)
  const ca = Buffer.from(target.caData ?? '', 'base64').toString()
  const dispatcher = new Agent({ connect: { ca } })
  let mangle = faithful
  const server = createServer(async (incoming, response) => {
    const abort = new AbortController()
    response.once('close', () => abort.abort())
    const accept = incoming.headers.accept ?? 'application/json'
    const type = incoming.headers['content-type'] ?? 'application/json'
    const headers = { accept, authorization: `Bearer ${user.token}`, 'content-type': type }
    const method = incoming.method === 'PATCH' ? 'PATCH' : incoming.method === 'POST' ? 'POST' : 'GET'
    try {
      const answer = await request(`${target.server}${incoming.url}`, {
        ...{ method, dispatcher, headers, signal: abort.signal },
        ...(method !== 'GET' && { body: incoming }),
      })
      response.writeHead(answer.statusCode, { 'content-type': 'application/json' })
      if (!incoming.url?.includes('watch=true')) return void answer.body.pipe(response)
      response.flushHeaders()
      for await (const line of createInterface({ input: answer.body })) {
        mangle(line, (part) => void response.write(part), response)
      }
      response.end()
    } catch {
      response.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const folder = mkdtempSync(join(tmpdir(), 'postern-mangler-'))
  const file = join(folder, 'kubeconfig')
  const through = new KubeConfig()
  through.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test' },
  )
  writeFileSync(file, through.exportConfig())
  return {
    kubeconfig: file,
    use: (next) => {
      mangle = next
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await dispatcher.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
