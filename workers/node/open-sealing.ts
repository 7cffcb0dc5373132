import { randomBytes } from 'node:crypto'
import { Sealer } from '../../src/agent/sealer.ts'
import type { AgentConfig } from '../../src/cli/config.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import type { PrivateKey } from '../../src/registry/keys/key.ts'
import type { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { deriveTagKey } from '../../src/registry/sealing/tag.ts'
import { readPrivateKeys, readPublicKeys } from './open-trust.ts'
import { say } from './say.ts'

/** Opens what was never sealed. */
export const openPlain = (clusters: readonly string[]): OpenSecret => secretOpener([], clusters)

/** Opens what is sealed to this gateway. @throws Error when the file cannot be read */
export async function openOpeners(
  path: string | undefined,
): Promise<(clusters: readonly string[]) => OpenSecret> {
  if (path === undefined) return openPlain
  const keys = await readPrivateKeys(path, 'X25519', 'the sealing keys in')
  return (clusters) => secretOpener(keys, clusters)
}

/** @returns undefined without keys of the gateways: no secret is published then. @throws Error when a file cannot be read */
export function openSealer(
  { cluster, gatewayKeys }: Pick<AgentConfig, 'cluster' | 'gatewayKeys'>,
  registry: RedisRegistry,
  signingKey: PrivateKey | undefined,
): Sealer | undefined {
  if (gatewayKeys === undefined) return undefined
  return new Sealer({
    cluster,
    recipients: readPublicKeys(gatewayKeys, 'X25519', 'the keys of the gateways in'),
    // Unsigned, no other agent knows it: what it has sealed is sealed again.
    tagKey: signingKey === undefined ? randomBytes(32) : deriveTagKey(signingKey),
    held: async () => [
      ...(await registry.recordsOf('certificate')),
      ...(await registry.recordsOf('credential')),
    ],
    onTrouble: say,
  })
}
