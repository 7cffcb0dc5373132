import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { type MadeAuthority, type MadeCertificate, makeAuthority } from '../support/certificate-maker.ts'
import { type ServingProcess, startPostern, startServing } from '../support/postern-process.ts'
import { shake } from '../support/tls-gateway.ts'

const run = promisify(execFile)
const HOST = 'shop.example.com'
/** Of which nothing is needed here but that they can be read. */
const MANIFESTS = 'test/fixtures/compile/tls.cluster.yaml'
let authority: MadeAuthority
beforeAll(() => {
  authority = makeAuthority()
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A folder with a certificate of the operator's, its key, and the authority. */
function certificateFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  const file = (name: string): string => join(folder, name)
  const write = ({ cert, key }: MadeCertificate): void => {
    writeFileSync(file('tls.key'), key)
    writeFileSync(file('tls.crt'), cert)
  }
  write(authority.issue({ hosts: [HOST, 'localhost'] }))
  writeFileSync(file('ca.crt'), authority.cert)
  return { file, write, flags: ['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key')] }
}

async function serve(...flags: readonly string[]): Promise<ServingProcess> {
  const postern = await startServing([
    'up',
    '--manifests',
    MANIFESTS,
    '--https-listen',
    '127.0.0.1:0',
    ...flags,
  ])
  closers.push(() => postern.stop())
  return postern
}

/** What `openssl s_client` says of one connection, with an answer, so that it has its tickets. */
async function sClient(port: number, ...flags: readonly string[]): Promise<string> {
  const asked = `GET / HTTP/1.1\\r\\nHost: ${HOST}\\r\\nConnection: close\\r\\n\\r\\n`
  const to = `-connect 127.0.0.1:${port} -servername ${HOST} -ign_eof`
  const command = `printf '${asked}' | openssl s_client ${to} ${flags.join(' ')} 2>&1`
  return (await run('sh', ['-c', command])).stdout
}

describe('the program', () => {
  test('answers curl by https, with the certificate in its files', async () => {
    const { file, flags } = certificateFolder()
    const postern = await serve(...flags)
    const to = ['--resolve', `localhost:${postern.securePort}:127.0.0.1`, '--cacert', file('ca.crt')]
    const { stdout } = await run('curl', ['-sSi', ...to, `https://localhost:${postern.securePort}/`])
    expect(stdout).toMatch(/^HTTP\/1\.1 404 /)
    expect((await shake(postern.securePort, { servername: HOST })).getProtocol()).toBe('TLSv1.3')
  })

  test('shows the certificate that its files hold later on', async () => {
    const { write, flags } = certificateFolder()
    const postern = await serve(...flags)
    const shown = async () => {
      const socket = await shake(postern.securePort, { servername: HOST })
      const { subjectaltname } = socket.getPeerCertificate()
      socket.destroy()
      return subjectaltname
    }
    expect(await shown()).toBe(`DNS:${HOST}, DNS:localhost`)
    write(authority.issue({ hosts: ['renewed.example.com'] }))
    await waitFor('the new one', shown, (names) => names === 'DNS:renewed.example.com')
  })

  test('does not start with a key that is not the one of its certificate, and says so', async () => {
    const { file, flags } = certificateFolder()
    writeFileSync(file('tls.key'), authority.issue({ hosts: [HOST] }).key)
    const postern = startPostern([
      'up',
      '--https-listen',
      '127.0.0.1:0',
      '--listen',
      '127.0.0.1:0',
      '--console',
      '127.0.0.1:0',
      ...flags,
    ])
    await waitFor(
      'its end',
      () => postern.child.exitCode,
      (code) => code !== null,
    )
    expect(postern.said()).toContain('the key is not that of the certificate')
  })

  test.each([['-tls1_2'], ['-tls1_3']])(
    'goes on with a session (%s) at whichever of its workers',
    async (version) => {
      const { file, flags } = certificateFolder()
      const postern = await serve('--workers', '2', ...flags)
      const first = await sClient(postern.securePort, version, '-sess_out', file('session'))
      expect(first).toContain('New, TLS')
      // The kernel chooses the worker: of so many connections some come to each.
      for (let i = 0; i < 12; i++) {
        expect(await sClient(postern.securePort, version, '-sess_in', file('session'))).toContain(
          'Reused, TLS',
        )
      }
      const metrics = await (await fetch(`${postern.console}/metrics`)).text()
      const workers = new Set(
        metrics.match(/postern_tls_handshakes_total\{worker="\d+"(?=[^}]*tls_resumed="true")/g),
      )
      expect(workers.size).toBe(2)
    },
  )

  test('shares sessions with another gateway by a file of keys', async () => {
    const { file, flags } = certificateFolder()
    writeFileSync(file('keys'), `${randomBytes(48).toString('base64')}\n`)
    const [one, other] = await Promise.all([0, 1].map(() => serve('--ticket-keys', file('keys'), ...flags)))
    await sClient(one?.securePort ?? 0, '-tls1_2', '-sess_out', file('session'))
    expect(await sClient(other?.securePort ?? 0, '-tls1_2', '-sess_in', file('session'))).toContain(
      'Reused, TLS',
    )
  })
})
