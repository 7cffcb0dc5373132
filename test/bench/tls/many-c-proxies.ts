import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { proxyCore } from '../peer.ts'
import { listens, type Stage } from '../stage.ts'
import type { ManySubject } from './many.ts'
import type { NamedCertificate } from './many-certificates.ts'

/** One process, so that memory which two share is not counted twice. */
export async function startManyNginx(stage: Stage, certificates: readonly NamedCertificate[]) {
  const port = await freePort()
  writeFiles(stage, certificates)
  const servers = certificates.map(
    ({ host }) =>
      `server { listen 127.0.0.1:${port} ssl; server_name ${host}; ssl_certificate certs/${host}.pem; ` +
      `ssl_certificate_key certs/${host}.pem; location / { return 200; } }`,
  )
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = [
    'daemon off; master_process off; pid many.pid; error_log many.err;',
    'events { worker_connections 1024; }',
    'http { access_log off; ssl_protocols TLSv1.2 TLSv1.3; server_names_hash_max_size 262144; server_names_hash_bucket_size 128;',
    ...paths.map((path) => `${path}_temp_path many_${path};`),
    ...servers,
    '}',
  ]
  const path = join(stage.folder, 'many.conf')
  writeFileSync(path, config.join('\n'))
  const command = ['nginx', '-p', stage.folder, '-c', path, '-e', 'stderr']
  return await start(stage, 'nginx', port, command)
}

export async function startManyHaproxy(stage: Stage, certificates: readonly NamedCertificate[]) {
  const port = await freePort()
  writeFiles(stage, certificates)
  const list = join(stage.folder, 'crt-list')
  writeFileSync(list, certificates.map(({ host }) => `${stage.folder}/certs/${host}.pem\n`).join(''))
  const config = [
    ...['global', '  nbthread 1', 'defaults', '  mode http', '  timeout client 60s'],
    ...[
      'frontend f',
      `  bind 127.0.0.1:${port} ssl crt-list ${list}`,
      '  http-request return status 200',
      '',
    ],
  ]
  const path = join(stage.folder, 'many.cfg')
  writeFileSync(path, config.join('\n'))
  return await start(stage, 'haproxy', port, ['haproxy', '-db', '-f', path])
}

function writeFiles({ folder }: Stage, certificates: readonly NamedCertificate[]): void {
  mkdirSync(join(folder, 'certs'))
  for (const { host, cert, key } of certificates) {
    writeFileSync(join(folder, 'certs', `${host}.pem`), cert + key)
  }
}

async function start(stage: Stage, name: string, port: number, command: readonly string[]) {
  const startedAt = performance.now()
  const pid = await stage.start(name, proxyCore, command, listens('127.0.0.1', port))
  const started: ManySubject = { port, pid }
  return { startMs: performance.now() - startedAt, started }
}
