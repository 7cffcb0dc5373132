// CPU per request of the sketch beside nginx and HAProxy. Arguments: rounds, seconds.

import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { startBackend } from '../backend.ts'
import { readTreeUsage } from '../cpu.ts'
import { loadCore, proxyCore, root } from '../peer.ts'
import { startSubjects } from '../peers.ts'
import { Stage, saysReady } from '../stage.ts'
import { hostCount } from '../workload.ts'
import { runLoad } from '../wrk.ts'

const [rounds = 3, seconds = 4] = process.argv.slice(2).map(Number)
const stage = new Stage(AbortSignal.timeout(600_000))
const cases = [
  ['GET small', 'GET', 1, 0],
  ['POST 10 KB', 'POST', 11, 10_000],
] as const
try {
  await startBackend(stage)
  const subjects = [...(await startSubjects(stage, ['postern', 'nginx', 'haproxy']))]
  const port = await freePort()
  const command = [process.execPath, join(root, 'test/bench/sketch/wire-proxy.ts'), String(port)]
  const pid = await stage.start('wire', proxyCore, command, saysReady)
  subjects.push({ name: 'wire sketch', port, pid, hosts: hostCount })
  for (const [title, method, step, bytes] of cases) {
    const figures = new Map(subjects.map(({ name }) => [name, [] as string[]]))
    for (let round = 0; round <= rounds; round++) {
      for (const { name, port, pid } of subjects) {
        const before = readTreeUsage(pid)
        const scriptArguments = [method, '/', hostCount, step, bytes].map(String)
        const script = join(root, 'test/fixtures/bench/load.lua')
        const load = { core: loadCore, port, connections: 64, seconds, script, scriptArguments }
        const { requests } = await runLoad(load, stage.signal)
        const after = readTreeUsage(pid)
        const user = (after.userMicros - before.userMicros) / requests
        const system = (after.systemMicros - before.systemMicros) / requests
        if (round > 0) figures.get(name)?.push(`${(user + system).toFixed(1)} (${user.toFixed(1)})`)
      }
    }
    console.log(title)
    for (const [name, all] of figures) console.log(`  ${name.padEnd(16)} ${all.join('  ')}`)
  }
} finally {
  await stage.close()
}
