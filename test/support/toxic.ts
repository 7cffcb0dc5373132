import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitFor } from '../cluster/wait-for.ts'
import { freePort } from './free-port.ts'

/** As toxiproxy has them: https://github.com/Shopify/toxiproxy#toxics */
export interface ToxicKind {
  readonly name: string
  readonly type: 'latency' | 'limit_data' | 'bandwidth' | 'timeout'
  readonly attributes: Readonly<Record<string, number>>
}

/** toxiproxy in front of a local server. */
export interface Toxic {
  readonly port: number
  /** Does something to what the server sends. */
  add(toxic: ToxicKind): Promise<void>
  remove(name: string): Promise<void>
  /** Closed, every connection is cut and none is taken. */
  setEnabled(enabled: boolean): Promise<void>
  stop(): Promise<void>
}

export const toxiproxy = process.env.POSTERN_TOXIPROXY

export async function startToxic(upstreamPort: number): Promise<Toxic> {
  if (toxiproxy === undefined) throw new Error('There is no toxiproxy: npm run test:system builds it')
  const [port, apiPort] = [await freePort(), await freePort()]
  const child = spawn(toxiproxy, ['-host', '127.0.0.1', '-port', `${apiPort}`], { stdio: 'ignore' })
  const call = async (method: string, path: string, body?: object): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${apiPort}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    await response.arrayBuffer()
    return response.status
  }
  const must = async (...args: Parameters<typeof call>): Promise<void> => {
    const status = await call(...args)
    if (status >= 300) throw new Error(`toxiproxy answered ${args[0]} ${args[1]} with ${status}`)
  }
  await waitFor(
    'toxiproxy to answer',
    () => call('GET', '/version').catch(() => 0),
    (status) => status === 200,
  )
  const addresses = { listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}` }
  await must('POST', '/proxies', { name: 'way', ...addresses, enabled: true })
  return {
    port,
    add: (toxic) => must('POST', '/proxies/way/toxics', { ...toxic, stream: 'downstream' }),
    remove: (name) => must('DELETE', `/proxies/way/toxics/${name}`),
    setEnabled: (enabled) => must('POST', '/proxies/way', { ...addresses, enabled }),
    stop: async () => {
      const exited = once(child, 'exit')
      if (child.kill('SIGKILL')) await exited
    },
  }
}
