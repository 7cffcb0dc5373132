import { readFileSync } from 'node:fs'
import { parseTokens, type Secret } from '../../src/cli/values.ts'

/** The tokens of a secret; none when there is none. @throws Error that names the file, and never a token */
export function readTokens(secret: Secret | undefined): readonly string[] {
  if (secret === undefined) return []
  if (secret.type === 'given') return secret.tokens
  const parsed = parseTokens(readFile(secret.path))
  if (parsed.ok) return parsed.value
  throw new Error(`Cannot read the tokens in ${secret.path}: ${parsed.reason}`)
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot read the tokens in ${path}: ${reason}`, { cause })
  }
}
