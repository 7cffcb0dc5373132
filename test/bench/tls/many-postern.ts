import { join } from 'node:path'
import { encodeCanonical } from '../../../src/model/canonical.ts'
import { systemClock, systemRandom } from '../../../src/model/clock.node.ts'
import type { CertificateRecord } from '../../../src/model/credential-records.ts'
import { publicPartOf } from '../../../src/registry/keys/key.ts'
import { recordId } from '../../../src/registry/owner.ts'
import type { StoredRecord } from '../../../src/registry/port.ts'
import { Publisher } from '../../../src/registry/publisher.ts'
import { RedisRegistry } from '../../../src/registry/redis/redis-registry.node.ts'
import { encryptText } from '../../../src/registry/sealing/jwe.ts'
import { freePort } from '../../support/free-port.ts'
import { keyFiles, sealingKey, signedHeads, signer } from '../../support/keys.ts'
import { endpointsRecord, serviceRecord } from '../../support/records.ts'
import { loadCore, proxyCore, root } from '../peer.ts'
import { listens, type Stage, saysReady } from '../stage.ts'
import type { ManySubject } from './many.ts'
import type { NamedCertificate } from './many-certificates.ts'

const cluster = 'bench'

/** A gateway that starts from a signed registry, in which every key is sealed. */
export async function startManyPostern(stage: Stage, certificates: readonly NamedCertificate[]) {
  const redisPort = await freePort()
  const flags = ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  await stage.start('redis', loadCore, ['redis-server', ...flags], listens('127.0.0.1', redisPort))
  const redis = `redis://127.0.0.1:${redisPort}`
  await publish(redis, certificates)
  const [port, plain, console] = [await freePort(), await freePort(), await freePort()]
  const command = ['env', 'MALLOC_ARENA_MAX=1', process.execPath, join(root, 'workers/node/postern.ts')]
  command.push(
    'gateway',
    '--redis',
    redis,
    '--cluster',
    cluster,
    '--access-log',
    join(stage.folder, 'access'),
  )
  command.push('--trusted-keys', keyFiles.trusted, '--sealing-key', keyFiles.sealing)
  command.push('--listen', `127.0.0.1:${plain}`, '--console', `127.0.0.1:${console}`)
  command.push('--https-listen', `127.0.0.1:${port}`)
  const startedAt = performance.now()
  const pid = await stage.start('postern', proxyCore, command, saysReady)
  const started: ManySubject = { port, pid }
  return { startMs: performance.now() - startedAt, started }
}

async function publish(url: string, certificates: readonly NamedCertificate[]): Promise<void> {
  const registry = new RedisRegistry({ url, cluster, heads: signedHeads, random: systemRandom })
  const publisher = new Publisher({ writer: registry, cluster, clock: systemClock, heads: signer })
  const records: StoredRecord[] = []
  for (const certificate of certificates) records.push(...(await recordsOf(certificate)))
  await publisher.publish(records, systemClock.now())
  await registry.close()
}

async function recordsOf(certificate: NamedCertificate): Promise<StoredRecord[]> {
  const { host, cert, key, notBefore, notAfter } = certificate
  const service = host.split('.', 1)[0]
  const name = `ns/${service}-tls`
  const jwe = await encryptText(key, cluster, recordId('certificate', name), [publicPartOf(sealingKey)])
  const sealed: CertificateRecord = {
    hosts: [host],
    ...{ notBefore, notAfter, chain: cert, key: { form: 'sealed', tag: '', jwe } },
  }
  const rule = {
    path: { type: 'prefix', value: '/' },
    action: { type: 'forward', service: `ns/${service}:80` },
    origin: { kind: 'Service', namespace: 'ns', name: service },
  }
  const route = { host, rules: [rule], tls: { certificates: [name], redirect: true } }
  return [
    { kind: 'route', key: host, text: encodeCanonical(route) },
    serviceRecord(`ns/${service}:80`),
    endpointsRecord(`ns/${service}/a`, ['127.0.0.1']),
    { kind: 'certificate', key: name, text: encodeCanonical(sealed) },
  ]
}
