import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A free port below those that the kernel lends to outgoing connections and to servers that ask for any, so that a part
 * which is killed finds its port free when it is started again; and below the NodePorts.
 */
export function freePort(): Promise<number> {
  return portBetween(20_000, 30_000)
}

/** A port that refuses connections, and goes on to: nothing that runs beside a test is given it. */
export function refusedPort(): Promise<number> {
  return portBetween(10_000, 20_000)
}

/** A free port whose number and ten thousand is free too: where a node of a Redis Cluster has its bus. */
export function freePortWithBus(): Promise<number> {
  return portBetween(10_000, 20_000, [0, 10_000])
}

async function portBetween(
  lowest: number,
  beyond: number,
  offsets: readonly number[] = [0],
): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(lowest, beyond)
    const areFree = await Promise.all(offsets.map((offset) => isFree(port + offset)))
    if (areFree.every(Boolean)) return port
  }
  throw new Error(`Cannot find a free port from ${lowest} to ${beyond - 1}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
