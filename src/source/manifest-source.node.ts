import { sep } from 'node:path'
import { type Collection, collectManifests } from './collect.ts'
import { readManifests } from './files.node.ts'
import type { Located, ParsedManifest } from './parse.ts'
import { parseManifest } from './parse.ts'

/** Manifest files as a source of objects. A file that is half written, or broken, keeps the objects it had. */
export class ManifestSource {
  readonly #paths: readonly string[]
  readonly #stdin: () => Promise<string>
  readonly #lastGood = new Map<string, readonly Located[]>()

  constructor(paths: readonly string[], stdin: () => Promise<string>) {
    this.#paths = paths
    this.#stdin = stdin
  }

  async read(): Promise<Collection> {
    const { files, problems } = await readManifests(this.#paths, this.#stdin)
    const manifests = new Map(
      files.map(({ name, text }) => [name, this.#keep(name, parseManifest(text, name))]),
    )
    // A file or folder that is there and cannot be read, or was named and is gone for a moment, keeps what it held.
    const unread = problems.map((problem) => problem.name)
    for (const [name, objects] of this.#lastGood) {
      if (unread.some((path) => isAtOrBelow(name, path)))
        manifests.set(name, { objects, problems: [], isWhole: true })
      else if (!manifests.has(name)) this.#lastGood.delete(name)
    }
    const collection = collectManifests([...manifests.values()])
    return { ...collection, problems: [...problems, ...collection.problems] }
  }

  #keep(name: string, manifest: ParsedManifest): ParsedManifest {
    if (manifest.isWhole) {
      this.#lastGood.set(name, manifest.objects)
      return manifest
    }
    return { ...manifest, objects: this.#lastGood.get(name) ?? manifest.objects }
  }
}

function isAtOrBelow(name: string, path: string): boolean {
  return name === path || name.startsWith(path.endsWith(sep) ? path : `${path}${sep}`)
}
