import type { KeysConfig } from '../../src/cli/config.ts'
import { type KeyRing, makeRing, retireRing, rotateRing } from '../../src/cli/keys/key-ring.ts'
import { formatRing, formatSecrets, parseSecrets, ringJson } from '../../src/cli/keys/key-secrets.ts'
import { readFile } from './secrets.ts'
import { readStdin } from './stdin.ts'

/** `postern keys`. Private keys go to standard output, as the Secrets that were asked for, and nowhere else. @returns the exit code. */
export async function runKeys({ task, json }: KeysConfig): Promise<number> {
  switch (task.type) {
    case 'make':
      process.stdout.write(formatSecrets(await makeRing(), task.namespace))
      return 0
    case 'rotate':
      process.stdout.write(formatSecrets(await rotateRing(await readRing(task.path)), task.namespace))
      return 0
    case 'retire':
      process.stdout.write(formatSecrets(retireRing(await readRing(task.path)), task.namespace))
      return 0
    case 'print': {
      const ring = await readRing(task.path)
      console.log(json ? ringJson(ring) : formatRing(ring))
      return 0
    }
  }
}

/** @throws Error that names the file, and nothing of what a key holds */
async function readRing(path: string): Promise<KeyRing> {
  const text = path === '-' ? await readStdin() : readFile(path, 'the keys in')
  try {
    return parseSecrets(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot read the keys in ${path}: ${reason}`, { cause })
  }
}
