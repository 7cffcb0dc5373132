import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { findCommand, fixture, loadCore, type Peer, proxyCore, writeFixture } from '../peer.ts'
import { listens, saysReady } from '../stage.ts'
import { haproxyPools, hostCount, hostMap, nginxPools } from '../workload.ts'

export const nginx: Peer = {
  name: 'nginx',
  hosts: hostCount,
  find: () => findCommand('nginx', '-v'),
  start(stage, port, program) {
    writeFileSync(join(stage.folder, 'hosts.nginx'), hostMap(';'))
    const config = writeFixture(stage, 'nginx.conf', { port, pools: nginxPools() })
    const command = [program, '-p', stage.folder, '-c', config, '-e', 'stderr']
    return stage.start('nginx', proxyCore, command, listens('127.0.0.1', port))
  },
}

export const haproxy: Peer = {
  name: 'haproxy',
  hosts: hostCount,
  find: () => findCommand('haproxy', '-v'),
  async start(stage, port, program) {
    const logPort = await freePort()
    const sink = [process.execPath, fixture('sink.js'), String(logPort)]
    await stage.start('sink', loadCore, sink, saysReady)
    writeFileSync(join(stage.folder, 'hosts.map'), hostMap(''))
    const config = writeFixture(stage, 'haproxy.cfg', { port, logPort, pools: haproxyPools() })
    const command = [program, '-db', '-C', stage.folder, '-f', config]
    return stage.start('haproxy', proxyCore, command, listens('127.0.0.1', port))
  },
}
