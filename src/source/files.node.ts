import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
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
    for (const name of await attempt(path, problems, () => expand(path), [])) {
      const text = await attempt(
        name,
        problems,
        () => (name === '-' ? stdin() : readFile(name, 'utf8')),
        undefined,
      )
      if (text !== undefined) files.push({ name, text })
    }
  }
  return { files, problems }
}

/** One path that cannot be read is a problem, and the others are read. */
async function attempt<T>(
  path: string,
  problems: Problem[],
  read: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    problems.push(unreadable(path, error))
    return otherwise
  }
}

async function expand(path: string): Promise<string[]> {
  if (path === '-' || !(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return (
    entries
      .filter((entry) => !entry.isDirectory() && MANIFEST.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      // A mounted ConfigMap holds each file again below `..data` and a dated folder.
      .filter(
        (name) =>
          !relative(path, name)
            .split(sep)
            .some((part) => part.startsWith('..')),
      )
      .sort()
  )
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
    file: path,
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
