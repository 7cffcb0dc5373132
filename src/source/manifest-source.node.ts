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
    const names = new Set(files.map((file) => file.name))
    for (const name of this.#lastGood.keys()) if (!names.has(name)) this.#lastGood.delete(name)
    const manifests = files.map(({ name, text }) => this.#keep(name, parseManifest(text, name)))
    const collection = collectManifests(manifests)
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
