import { readFileSync } from 'node:fs'
import { parseTokens, type Secret } from '../../src/cli/secret-values.ts'

/** The tokens of a secret; none when there is none. @throws Error that names the file, and never a token */
export function readTokens(secret: Secret | undefined): readonly string[] {
  if (secret === undefined) return []
  if (secret.type === 'given') return secret.tokens
  const parsed = parseTokens(readFile(secret.path, 'the tokens in'))
  if (parsed.ok) return parsed.value
  throw new Error(`Cannot read the tokens in ${secret.path}: ${parsed.reason}`)
}

/** A certificate or key. @throws Error that names the file */
export function readPem(path: string): string {
  const text = readFile(path, 'the PEM file')
  if (text.includes('-----BEGIN ')) return text
  throw new Error(`Cannot read the PEM file ${path}: it holds no -----BEGIN`)
}

/** @throws Error that names the file */
export function readFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot read ${what} ${path}: ${reason}`, { cause })
  }
}
