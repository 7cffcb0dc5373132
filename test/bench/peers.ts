import { freePort } from '../support/free-port.ts'
import type { Peer, Subject } from './peer.ts'
import { haproxy, haproxyPeer, nginx, nginxPeer } from './proxy/c-proxies.ts'
import { caddy } from './proxy/caddy.ts'
import { envoy } from './proxy/envoy.ts'
import { postern } from './proxy/postern.ts'
import type { Stage } from './stage.ts'
import { hostCount } from './workload.ts'

/** At equal work: what is compared unless told otherwise. */
export const equals = ['postern', 'nginx', 'haproxy', 'caddy', 'envoy'] as const

/** Every proxy that can be asked for; Postern also as it is not by default. */
const peers: readonly Peer[] = [
  postern('postern', {}),
  nginx,
  haproxy,
  caddy,
  envoy,
  postern('postern-traced', { traceRatio: 1 }),
  postern('postern-10', { hosts: hostCount / 1000 }),
  postern('postern-100k', { hosts: hostCount * 10 }),
  postern('postern-bun', { runtime: 'bun' }),
]

export const peerNames: readonly string[] = peers.map(({ name }) => name)

/** The same by TLS. */
export const securePeers: readonly Peer[] = [
  postern('postern', { isSecure: true }),
  nginxPeer(true),
  haproxyPeer(true),
]

/** Starts every proxy of these that this machine has or can get; names the others on stderr. */
export async function startSubjects(
  stage: Stage,
  names: readonly string[],
  known: readonly Peer[] = peers,
): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const name of names) {
    const peer = known.find((one) => one.name === name)
    if (peer === undefined) throw new Error(`Cannot start ${JSON.stringify(name)}: no such proxy`)
    const found = await peer.find()
    if (!found.found) {
      process.stderr.write(`Skipping ${name}, absent here: ${found.reason}\n`)
      continue
    }
    const port = await freePort()
    process.stderr.write(`Starting ${name}\n`)
    subjects.push({ name, port, pid: await peer.start(stage, port, found.program), hosts: peer.hosts })
  }
  return subjects
}
