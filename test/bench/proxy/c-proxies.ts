import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { findCommand, fixture, loadCore, type Peer, proxyCore, writeFixture } from '../peer.ts'
import { listens, saysReady } from '../stage.ts'
import { haproxyTls, nginxTls } from '../tls/settings.ts'
import { haproxyPools, hostCount, hostMap, nginxPools } from '../workload.ts'

export const nginx = nginxPeer(false)
export const haproxy = haproxyPeer(false)

/** @param isSecure whether it is spoken to by TLS, with the certificate in the stage's folder */
export function nginxPeer(isSecure: boolean): Peer {
  return {
    name: 'nginx',
    hosts: hostCount,
    find: () => findCommand('nginx', '-v'),
    start(stage, port, program) {
      writeFileSync(join(stage.folder, 'hosts.nginx'), hostMap(';'))
      const tls = isSecure ? { secure: ' ssl', settings: nginxTls } : { secure: '', settings: '' }
      const config = writeFixture(stage, 'nginx.conf', { port, ...tls, pools: nginxPools() })
      const command = [program, '-p', stage.folder, '-c', config, '-e', 'stderr']
      return stage.start('nginx', proxyCore, command, listens('127.0.0.1', port))
    },
  }
}

/** @param isSecure whether it is spoken to by TLS, with the certificate in the stage's folder */
export function haproxyPeer(isSecure: boolean): Peer {
  return {
    name: 'haproxy',
    hosts: hostCount,
    find: () => findCommand('haproxy', '-v'),
    async start(stage, port, program) {
      const logPort = await freePort()
      const sink = [process.execPath, fixture('sink.js'), String(logPort)]
      await stage.start('sink', loadCore, sink, saysReady)
      writeFileSync(join(stage.folder, 'hosts.map'), hostMap(''))
      const secure = isSecure ? haproxyTls : ''
      const config = writeFixture(stage, 'haproxy.cfg', { port, secure, logPort, pools: haproxyPools() })
      const command = [program, '-db', '-C', stage.folder, '-f', config]
      return stage.start('haproxy', proxyCore, command, listens('127.0.0.1', port))
    },
  }
}
