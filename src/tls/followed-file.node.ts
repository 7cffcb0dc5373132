import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { asError } from '../model/as-error.ts'

/** Polled: a mounted Secret is a link that is bent, which notices of the kernel do not tell. */
const LOOK_EVERY_MS = 2_000

export interface FollowedFiles {
  close(): void
}

/**
 * Reads files that belong together, now and whenever one of them has changed.
 *
 * @param use takes all their texts; what it throws later on is trouble, and what was in use stays
 * @throws Error when they cannot be read or used at first
 */
export function followFiles(
  paths: readonly string[],
  use: (texts: readonly string[]) => void,
  onTrouble: (error: Error) => void,
): FollowedFiles {
  const read = (): void => use(paths.map(readText))
  const onChange = (): void => {
    try {
      read()
    } catch (error) {
      onTrouble(asError(error))
    }
  }
  for (const path of paths) watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, onChange)
  const close = (): void => {
    for (const path of paths) unwatchFile(path, onChange)
  }
  try {
    read()
  } catch (error) {
    close()
    throw error
  }
  return { close }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${asError(cause).message}`, { cause })
  }
}
