import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { keyVariables } from './keys.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The real program, in a process of its own. */
export async function postern(args: readonly string[], stdin = ''): Promise<Outcome> {
  const { POSTERN_MANIFESTS: _unset, ...env } = process.env
  // The fixtures' hand-made slices name no Pods.
  const allowed = { ...env, ...keyVariables, POSTERN_ALLOW_ENDPOINT_CIDRS: '10.0.0.0/8,2001:db8::/32' }
  const child = spawn(process.execPath, ['workers/node/postern.ts', ...args], { cwd: ROOT, env: allowed })
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}
