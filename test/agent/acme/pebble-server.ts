import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { waitFor } from '../../cluster/wait-for.ts'
import { freePort } from '../../support/free-port.ts'

export interface Pebble {
  readonly directory: string
  /** PEM: of its own HTTPS. */
  readonly ca: string
  /** PEM: of the root of what it issues. */
  readonly root: string
  stop(): void
}

/** Of certificates, in seconds. */
const VALIDITY_S = 7_776_000

/** Pebble, which proves hosts at a port of 127.0.0.1 and finds them by a DNS server. */
export async function startPebble(
  program: string,
  httpPort: number,
  dnsServer: string,
  validityPeriod = VALIDITY_S,
): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pebble-'))
  const [certificate, privateKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', privateKey]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certificate, ...subject], { stdio: 'ignore' })
  const port = await freePort()
  const listenAddress = `127.0.0.1:${port}`
  const managementListenAddress = `127.0.0.1:${await freePort()}`
  const pebble = {
    ...{ listenAddress, managementListenAddress, certificate, privateKey, httpPort, tlsPort: 1 },
    retryAfter: { authz: 1, order: 1 },
    domainBlocklist: ['blocked.example.test'],
    profiles: { default: { description: 'default', validityPeriod } },
  }
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify({ pebble }))
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20', PEBBLE_AUTHZREUSE: '0' }
  const child = spawn(program, ['-config', config, '-dnsserver', dnsServer], { env, stdio: 'ignore' })
  const ca = readFileSync(certificate, 'utf8')
  const directory = `https://${listenAddress}/dir`
  const dispatcher = new Agent({ connect: { ca } })
  const get = (url: string) => request(url, { dispatcher, headers: { 'user-agent': 'test' } })
  const status = async () => (await get(directory)).statusCode
  await waitFor('Pebble to answer', status, (code) => code === 200)
  const root = await (await get(`https://${managementListenAddress}/roots/0`)).body.text()
  await dispatcher.close()
  return {
    directory,
    ca,
    root,
    stop: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
