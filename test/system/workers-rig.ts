import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster } from '../contract/registry-samples.ts'
import { startHttp } from '../support/http.ts'
import { signer } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../support/records.ts'
import { startRelay, TOKEN } from '../support/relay.ts'

export const HOST = 'web.shop.apps.test'

const statusSchema = v.object({
  workers: v.array(
    v.object({
      worker: v.number(),
      pid: v.nullable(v.number()),
      phase: v.string(),
      restarts: v.number(),
      status: v.nullable(
        v.object({
          source: v.nullable(v.string()),
          disk: v.nullable(
            v.object({ writtenSecondsAgo: v.nullable(v.number()), problem: v.nullable(v.string()) }),
          ),
        }),
      ),
    }),
  ),
})

export type WorkerStatus = v.InferOutput<typeof statusSchema>['workers'][number]

/** A registry behind a relay, and one Pod. */
export interface WorkersRig {
  /** Whether the file is in order from which gateways, when they start, read the token for the registry. */
  setToken(isThere: boolean): void
  closeRelay(): Promise<void>
  start(...args: readonly string[]): Promise<ServingProcess>
}

export async function startWorkersRig(
  pod: RequestListener = (_request, response) => void response.end('from the pod'),
): Promise<WorkersRig> {
  const backend = await startHttp(pod)
  const registry = new MemoryRegistry()
  const relay = await startRelay(registry)
  const folder = mkdtempSync(join(tmpdir(), 'postern-workers-'))
  const tokenFile = join(folder, 'token')
  onTestFinished(async () => {
    await relay.close()
    await backend.close()
    rmSync(folder, { recursive: true })
  })
  const setToken = (isThere: boolean): void => writeFileSync(tokenFile, isThere ? TOKEN : '')
  setToken(true)
  const publisher = new Publisher({ writer: registry, cluster, clock: systemClock, heads: signer })
  const endpoints = endpointsRecord('shop/web/a', ['127.0.0.1'], [], backend.port)
  const records = [routeRecord(HOST, 'shop/web:80'), serviceRecord('shop/web:80'), endpoints]
  await publisher.publish(records, systemClock.now())
  const source = ['--cluster', cluster, '--relay-url', relay.url, '--relay-token', `@${tokenFile}`]
  return {
    setToken,
    closeRelay: () => relay.close(),
    start: async (...more) => {
      const postern = await startServing(['gateway', ...source, ...more])
      onTestFinished(async () => void (await postern.stop('SIGKILL')))
      return postern
    },
  }
}

export async function workersOf({ console }: Pick<ServingProcess, 'console'>): Promise<WorkerStatus[]> {
  return v.parse(statusSchema, await (await fetch(`${console}/api/status`)).json()).workers
}

export async function pidsOf(postern: Pick<ServingProcess, 'console'>): Promise<number[]> {
  return (await workersOf(postern)).flatMap(({ pid }) => (pid === null ? [] : [pid]))
}

/** Waits until all of so many serve that are none of those. */
export function untilServing(
  postern: Pick<ServingProcess, 'console'>,
  count: number,
  others: readonly number[] = [],
): Promise<WorkerStatus[]> {
  return waitFor(
    `${count} workers to serve, none of ${others}`,
    () => workersOf(postern),
    (workers) =>
      workers.filter(({ pid, phase }) => phase === 'serving' && pid !== null && !others.includes(pid))
        .length === count,
    { timeoutMs: 60_000 },
  )
}

export function untilGone(pids: readonly number[]): Promise<unknown> {
  return waitFor(
    'the processes to be gone',
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
  )
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
