import { flags } from '../../src/cli/flags.ts'
import { Compilation } from '../../src/compile/compilation.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { systemRandom } from '../../src/model/clock.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { readCluster } from '../../workers/node/read-source.ts'

/** What the objects of a cluster compile to now, from scratch and as an agent of the tests does: a line a record. */
export async function freshRecords(kubeconfig: string): Promise<readonly string[]> {
  const options: CompileOptions = {
    domain: 'apps.test',
    hostTemplate: flags.hostTemplate.fallback,
    hostClaims: flags.hostClaims.fallback,
    allowHosts: flags.allowHosts.fallback,
    loadBalancerClass: flags.loadBalancerClass.fallback,
    endpointCidrs: flags.endpointCidrs.fallback,
    allowExternalNames: flags.allowExternalNames.fallback,
    allowUnverifiedBackends: flags.allowUnverifiedBackends.fallback,
    gatewayPods: flags.gatewayPods.fallback,
    loopbackCidrs: [],
    certificates: nodeCertificates,
  }
  const { objects } = await readCluster(kubeconfig, options)
  const compilation = new Compilation(options)
  const changes = compilation.apply([...objects.values()].map((object) => ({ type: 'put', object }) as const))
  return linesOf(
    changes.flatMap(({ kind, key, value }) =>
      value === null ? [] : { kind, key, text: encodeCanonical(value) },
    ),
  )
}

/** The same of what a registry holds; empty while it cannot be read. */
export async function storedRecords(url: string): Promise<readonly string[]> {
  const registry = new RedisRegistry({ url, cluster: 'default', heads: anyHeads, random: systemRandom })
  try {
    const { records } = await registry.load(new AbortController().signal)
    return linesOf(records)
  } catch {
    return []
  } finally {
    await registry.close()
  }
}

function linesOf(records: readonly { kind: string; key: string; text: string }[]): string[] {
  return records.map(({ kind, key, text }) => `${kind} ${key} ${text}`).sort()
}
