import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { watch } from 'chokidar'
import type { Problem } from '../model/problem.ts'

export interface ManifestFile {
  /** As given, or below the folder that was given. */
  readonly name: string
  readonly text: string
}

export interface ManifestFiles {
  readonly files: readonly ManifestFile[]
  readonly problems: readonly Problem[]
}

const MANIFEST = /\.(ya?ml|json)$/

/** Reads manifest files: a folder stands for every .yaml, .yml and .json below it, `-` for standard input. */
export async function readManifests(
  paths: readonly string[],
  stdin: () => Promise<string>,
): Promise<ManifestFiles> {
  const files: ManifestFile[] = []
  const problems: Problem[] = []
  for (const path of paths) {
    try {
      for (const name of await expand(path)) {
        files.push({ name, text: name === '-' ? await stdin() : await readFile(name, 'utf8') })
      }
    } catch (error) {
      problems.push(unreadable(path, error))
    }
  }
  return { files, problems }
}

async function expand(path: string): Promise<string[]> {
  if (path === '-' || !(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && MANIFEST.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function unreadable(path: string, error: unknown): Problem {
  return {
    code: 'file-unreadable',
    severity: 'error',
    kind: 'Manifest',
    namespace: '',
    name: path,
    field: '',
    message: `Cannot read ${path}: ${error instanceof Error ? error.message : error}`,
    hint: 'Check the path and its permissions.',
  }
}

export interface ManifestWatcher {
  close(): Promise<void>
}

/** Calls back after anything below the paths was written, renamed, added or removed. Standard input does not change. */
export async function watchManifests(
  paths: readonly string[],
  onChange: () => void,
): Promise<ManifestWatcher> {
  const watched = paths.filter((path) => path !== '-')
  const watcher = watch(watched, { ignoreInitial: true, persistent: true })
  watcher.on('all', onChange)
  watcher.on('error', onChange)
  await new Promise<void>((resolve) => {
    if (watched.length === 0) resolve()
    else watcher.once('ready', () => resolve())
  })
  return { close: () => watcher.close() }
}
