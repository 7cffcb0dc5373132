import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { loadCore, writeFixture } from './peer.ts'
import { listens, type Stage, saysReady } from './stage.ts'
import { backendAddresses, backendBody, backendPort, files, largeBytes, largePath } from './workload.ts'

/** Starts the backend, which every case needs: short answers, files, and echoes of WebSockets. */
export async function startBackend(stage: Stage): Promise<void> {
  for (const address of backendAddresses) {
    if (await listens(address, backendPort)('')) {
      throw new Error(`Cannot start the backend: ${address}:${backendPort} is taken`)
    }
  }
  for (const { name, bytes } of files) writeFileSync(join(stage.folder, name), 'x'.repeat(bytes))
  writeFileSync(join(stage.folder, largePath), '')
  truncateSync(join(stage.folder, largePath), largeBytes)
  const echoPort = await freePort()
  const echo = [process.execPath, join(import.meta.dirname, 'proxy/echo-process.ts'), String(echoPort)]
  await stage.start('echo', loadCore, echo, saysReady)
  const config = writeFixture(stage, 'backend.conf', { body: backendBody, folder: stage.folder, echoPort })
  const ready = listens('127.0.0.2', backendPort)
  await stage.start('backend', loadCore, ['nginx', '-p', stage.folder, '-c', config, '-e', 'stderr'], ready)
}
