import { parseName, type ValueParse } from './values.ts'

/** A file of keys, and the cluster that it is of; undefined: of every cluster that has none of its own. */
export interface KeyFile {
  readonly cluster: string | undefined
  readonly path: string
}

/** `keys.jwks,west=west.jwks`: files, each perhaps of one cluster only. */
export function parseKeyFiles(text: string): ValueParse<readonly KeyFile[]> {
  const entries = text.split(',').map((part) => part.trim())
  const value = entries.filter((entry) => entry !== '').map(readEntry)
  const empty = value.find(({ path }) => path === '')
  if (empty !== undefined) return { ok: false, reason: `"${empty.cluster}=" names no file` }
  return { ok: true, value }
}

function readEntry(entry: string): KeyFile {
  const [, cluster = '', path = ''] = /^([^=/]*)=(.*)$/.exec(entry) ?? []
  return parseName(cluster).ok ? { cluster, path: path.trim() } : { cluster: undefined, path: entry }
}
