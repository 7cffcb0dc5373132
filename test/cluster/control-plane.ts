import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import * as v from 'valibot'
import { freePort } from '../support/free-port.ts'
import { type AuditEvent, auditPolicy, readAudit } from './audit.ts'
import { type Kubeconfig, kubeconfigOf } from './kubeconfig.ts'
import { PartProcess } from './part.ts'
import { argumentsOf, type Part, type PartSettings, parts } from './part-arguments.ts'
import { waitFor } from './wait-for.ts'

const START_TIMEOUT_MS = 60_000

const revisionSchema = v.object({ header: v.object({ revision: v.string() }) })

/** A real etcd, kube-apiserver and kube-controller-manager on free loopback ports, in a folder of their own. */
export class ControlPlane {
  readonly server: string
  readonly adminToken = randomBytes(16).toString('hex')
  readonly kubeconfigFile: string
  readonly #binaries: string
  readonly #folder: string
  readonly #settings: PartSettings
  readonly #running = new Map<Part, PartProcess>()
  // The API server makes its own certificate; parts are asked for their health only, on loopback.
  readonly #anyCertificate = new Agent({ connect: { rejectUnauthorized: false } })
  readonly #removeFolder: () => void

  private constructor(binaries: string, folder: string, settings: PartSettings) {
    this.#binaries = binaries
    this.#folder = folder
    this.#settings = settings
    this.server = `https://127.0.0.1:${settings.apiPort}`
    this.kubeconfigFile = settings.kubeconfigFile
    this.#removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    process.once('exit', this.#removeFolder)
  }

  static async start(binaries: string): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-cluster-'))
    const plane = new ControlPlane(binaries, folder, await settingsIn(folder))
    try {
      plane.#writeCredentials()
      await plane.#start('etcd')
      await plane.#start('kube-apiserver')
      writeFileSync(plane.kubeconfigFile, JSON.stringify(plane.kubeconfig))
      await plane.#start('kube-controller-manager')
    } catch (error) {
      await plane.stop()
      throw error
    }
    return plane
  }

  /** PEM: what clients trust. */
  get ca(): string {
    return readFileSync(this.#settings.certificateFile, 'utf8')
  }

  /** The admin's. */
  get kubeconfig(): Kubeconfig {
    return this.kubeconfigFor(this.adminToken)
  }

  kubeconfigFor(token: string, namespace?: string): Kubeconfig {
    return kubeconfigOf(this.server, this.ca, token, namespace)
  }

  /** Ends a part; SIGSTOP only halts it, until SIGCONT. */
  async kill(part: Part, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const running = this.#running.get(part)
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') running?.signal(signal)
    else await running?.kill(signal)
  }

  /** Starts a part again on its old port with its old data, ending it first where it still runs. */
  async restart(part: Part): Promise<void> {
    await this.kill(part)
    await this.#start(part)
  }

  /** Forgets the history of the store, as etcd does every five minutes: watches from before it are refused (410). */
  async compact(): Promise<void> {
    const ask = async (path: string, body: object): Promise<unknown> => {
      const url = `http://127.0.0.1:${this.#settings.etcdPort}/v3/kv/${path}`
      return await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()
    }
    // Base64 of one byte 0: any key does, for each answer tells the revision.
    const { header } = v.parse(revisionSchema, await ask('range', { key: 'AA==' }))
    await ask('compaction', { revision: header.revision, physical: true })
  }

  /** What service accounts have asked of the API server, and what it decided. */
  audited(): readonly AuditEvent[] {
    return readAudit(this.#settings.auditLogFile)
  }

  async stop(): Promise<void> {
    await Promise.all(parts.map((part) => this.kill(part)))
    await this.#anyCertificate.close()
    process.off('exit', this.#removeFolder)
    this.#removeFolder()
  }

  #writeCredentials(): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'sec1', format: 'pem' })
    writeFileSync(this.#settings.serviceAccountKey, pem, { mode: 0o600 })
    const admin = `${this.adminToken},admin,admin,"system:masters"\n`
    writeFileSync(this.#settings.tokenFile, admin, { mode: 0o600 })
    writeFileSync(this.#settings.auditPolicyFile, JSON.stringify(auditPolicy))
  }

  async #start(part: Part): Promise<void> {
    const args = argumentsOf(part, this.#settings)
    const log = join(this.#folder, `${part}.log`)
    const running = new PartProcess(part, join(this.#binaries, part), args, log)
    this.#running.set(part, running)
    try {
      const answer = await waitFor(
        `${part} to be ready`,
        async () => (running.isRunning ? await this.#health(part) : 'ended'),
        (health) => health === 200 || health === 'ended',
        { timeoutMs: START_TIMEOUT_MS },
      )
      if (answer === 'ended') throw new Error(`${part} ended while it was started`)
    } catch (cause) {
      throw new Error(`Cannot start ${part}; the end of its log:\n${running.logTail()}`, { cause })
    }
  }

  async #health(part: Part): Promise<number> {
    const { etcdPort, controllerPort } = this.#settings
    const url = {
      etcd: `http://127.0.0.1:${etcdPort}/readyz`,
      'kube-apiserver': `${this.server}/readyz`,
      'kube-controller-manager': `https://127.0.0.1:${controllerPort}/healthz`,
    }[part]
    const { statusCode, body } = await request(url, { dispatcher: this.#anyCertificate, reset: true })
    await body.dump()
    return statusCode
  }
}

async function settingsIn(folder: string): Promise<PartSettings> {
  const certificateFolder = join(folder, 'certificates')
  mkdirSync(certificateFolder)
  return {
    etcdPort: await freePort(),
    etcdPeerPort: await freePort(),
    apiPort: await freePort(),
    controllerPort: await freePort(),
    etcdData: join(folder, 'etcd'),
    certificateFolder,
    certificateFile: join(certificateFolder, 'apiserver.crt'),
    tokenFile: join(folder, 'tokens.csv'),
    serviceAccountKey: join(folder, 'service-account.key'),
    kubeconfigFile: join(folder, 'kubeconfig'),
    auditPolicyFile: join(folder, 'audit-policy.json'),
    auditLogFile: join(folder, 'audit.log'),
  }
}
