import * as v from 'valibot'
import type { ExplainConfig } from '../../src/cli/config.ts'
import { inspect } from '../../src/cli/inspect.ts'
import { loopbackAmong } from '../../src/cli/loopback.ts'
import type { Secret } from '../../src/cli/secret-values.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import type { IdentityBook } from '../../src/gateway/backend-tls/identity-book.ts'
import { Clusters } from '../../src/gateway/clusters.ts'
import { type Answer, explainInTime } from '../../src/gateway/explain/explain.ts'
import { explanationSchema, formatExplanation } from '../../src/gateway/explain/explanation.ts'
import type { Question } from '../../src/gateway/explain/request.ts'
import type { ExternalNames } from '../../src/gateway/external-names.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { onlyCluster, type ServedCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import type { Table } from '../../src/gateway/table.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'
import { createAccess } from './find-access.ts'
import { createIdentityBook } from './find-identities.ts'
import { createExternalNames } from './find-names.ts'
import { type OpenRegistry, openRegistry } from './open-registry.ts'
import { openPlain } from './open-sealing.ts'
import { openTrust } from './open-trust.ts'
import { readCluster, readFiles } from './read-source.ts'
import { say } from './say.ts'
import { readTokens } from './secrets.ts'

const ANSWER_WITHIN_MS = 10_000

/** `postern explain`. @returns the exit code: 0 forwarded, 1 refused, 2 not a request that can be asked about. */
export async function runExplain(config: ExplainConfig): Promise<number> {
  const { source, question, json } = config
  const answer = source.type === 'gateway' ? await askGateway(source, question) : await explainHere(config)
  if (!answer.ok) {
    for (const fault of answer.faults) console.error(`postern: ${fault}`)
    return 2
  }
  const { explanation } = answer
  console.log(json ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation))
  return explanation.outcome.type === 'reply' ? 1 : 0
}

async function explainHere(config: ExplainConfig): Promise<Answer> {
  const resolve = nameServer(config.nameServer)
  const isNode = (address: string): boolean => clusters.some(({ table }) => table()?.isNode(address))
  const names = createExternalNames(config, resolve, isNode)
  const open = openPlain(config.clusters.map(({ name }) => name))
  const identities = createIdentityBook(new TlsConnector({ clock: systemClock, onTrouble: say }), open)
  const finders = { names, identities, ...createAccess(config, { open, resolve, isNode }) }
  const clusters = await readClusters(config, finders)
  return await explainInTime(config.question, { clusters, road: config, ...finders })
}

/** What finds out what a plan waits for, and tells the plan. */
interface ExplainFinders extends ReturnType<typeof createAccess> {
  readonly names: ExternalNames
  readonly identities: IdentityBook
}

/** As of a gateway with nothing under way. */
async function readClusters(
  config: ExplainConfig,
  finders: ExplainFinders,
): Promise<readonly ServedCluster[]> {
  const { source } = config
  const only = ({ table }: { readonly table: Table }): readonly ServedCluster[] => [
    onlyCluster(() => table, new GatewayState(systemClock), roadState(finders.names, undefined, finders)),
  ]
  const loopbackCidrs = loopbackAmong(config.endpointCidrs)
  const options = { ...config, loopbackCidrs, certificates: nodeCertificates }
  switch (source.type) {
    case 'manifests':
      return only(inspect(await readFiles(source.paths), options, config))
    case 'cluster':
      return only(
        inspect(await readCluster(source.kubeconfig, options), { ...options, loopbackCidrs: [] }, config),
      )
    case 'registry':
      return await loadClusters(source, config, finders)
    case 'gateway':
      throw new Error('Cannot read the table of a gateway: it is asked')
  }
}

/** As a gateway loads them, checked against their heads. @throws Error when the own one is not there within ten seconds */
async function loadClusters(
  { registry: source, trust: trustSource }: Extract<ExplainConfig['source'], { type: 'registry' }>,
  { clusters: shares, cluster, maxStaleMs, ...place }: ExplainConfig,
  finders: ExplainFinders,
): Promise<readonly ServedCluster[]> {
  const registries: OpenRegistry[] = []
  const stop = new AbortController()
  const trust = openTrust(trustSource)
  let trouble: Error | undefined
  const clusters = new Clusters({
    shares,
    own: cluster,
    place,
    maxStaleMs,
    ...finders,
    readerOf: (name) => {
      const registry = openRegistry(source, name, trust)
      registries.push(registry)
      return registry.reader
    },
    isSigned: trustSource.type === 'keys',
    sharingOf: undefined,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
    onTrouble: (error) => {
      trouble = error
    },
    onTable: () => {
      if (clusters.statuses().every(({ position }) => position !== null)) stop.abort()
    },
  })
  const limit = systemTimers.start(ANSWER_WITHIN_MS, () => stop.abort())
  await clusters.run(stop.signal)
  limit.cancel()
  await Promise.all(registries.map((registry) => registry.close()))
  if (clusters.isLoaded) return clusters.served
  throw new Error(trouble?.message ?? `Cannot load cluster "${cluster}": nothing has been published there`)
}

const faultsSchema = v.object({ faults: v.array(v.string()) })

/** @throws Error when the console gives no answer */
async function askGateway(
  { url, token: secret }: { readonly url: string; readonly token: Secret | undefined },
  question: Question,
): Promise<Answer> {
  const [token] = readTokens(secret)
  const what = `Cannot ask the gateway's console at ${url}`
  try {
    // A question may hold a token: not in the URL, which is logged on the way.
    const response = await fetch(new URL('/api/explain', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const body: unknown = await response.json()
    if (response.ok) return { ok: true, explanation: v.parse(explanationSchema, body) }
    const { faults } = v.parse(faultsSchema, body)
    if (response.status === 400) return { ok: false, faults }
    throw new Error(faults.join(', '))
  } catch (cause) {
    if (v.isValiError(cause) || cause instanceof SyntaxError) {
      throw new Error(`${what}: what it answers is no explanation`, { cause })
    }
    throw new Error(`${what}: ${reasonOf(cause)}`, { cause })
  }
}

/** fetch says why in the cause only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
