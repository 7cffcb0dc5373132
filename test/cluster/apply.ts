import * as v from 'valibot'
import { parseAllDocuments } from 'yaml'
import { ApiError, type KubeApi } from './kube-api.ts'

const manifestSchema = v.looseObject({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
})

const resourcesSchema = v.object({
  resources: v.array(v.object({ name: v.string(), kind: v.string(), namespaced: v.boolean() })),
})

/** Names one object, as kubectl would be told. */
export interface ObjectName {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

export interface ApplyOptions {
  /** For objects that name none. */
  readonly namespace?: string
  /** Only asks whether the API server would take it. */
  readonly isDryRun?: boolean
}

/** Applies, patches, scales and deletes objects of any kind, as kubectl does. */
export class Applier {
  readonly #api: KubeApi
  readonly #resources = new Map<string, Promise<v.InferOutput<typeof resourcesSchema>['resources']>>()

  constructor(api: KubeApi) {
    this.#api = api
  }

  /** Applies each document of a YAML text, in its order. */
  async apply(yaml: string, { namespace = 'default', isDryRun = false }: ApplyOptions = {}): Promise<void> {
    for (const document of parseAllDocuments(yaml)) {
      if (document.errors[0] !== undefined) throw document.errors[0]
      const content: unknown = document.toJS()
      if (content === null) continue
      const manifest = v.parse(manifestSchema, content)
      const { apiVersion, kind, metadata } = manifest
      const path = await this.pathOf({ namespace, ...metadata, apiVersion, kind })
      const query = `fieldManager=postern-test&fieldValidation=Strict&force=true${isDryRun ? '&dryRun=All' : ''}`
      await this.#api.send('PATCH', `${path}?${query}`, {
        body: manifest,
        contentType: 'application/apply-patch+yaml',
      })
    }
  }

  /** As `kubectl patch --type merge`: null takes a field away. */
  async patch(name: ObjectName, patch: object): Promise<void> {
    await this.#merge(await this.pathOf(name), patch)
  }

  async scale(name: ObjectName, replicas: number): Promise<void> {
    await this.#merge(`${await this.pathOf(name)}/scale`, { spec: { replicas } })
  }

  /** Gone already is deleted too. */
  async delete(
    name: ObjectName,
    { gracePeriodSeconds }: { gracePeriodSeconds?: number } = {},
  ): Promise<void> {
    try {
      await this.#api.send('DELETE', await this.pathOf(name), {
        body: { propagationPolicy: 'Background', gracePeriodSeconds },
      })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }

  async get(name: ObjectName): Promise<unknown> {
    return await this.#api.get(await this.pathOf(name))
  }

  async pathOf({ apiVersion, kind, name, namespace = 'default' }: ObjectName): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const resources = await this.#resourcesOf(root)
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))
    if (found === undefined) throw new Error(`Cannot find the resource of ${apiVersion} ${kind}`)
    const scope = found.namespaced ? `${root}/namespaces/${namespace}` : root
    return `${scope}/${found.name}/${name}`
  }

  async #merge(path: string, body: object): Promise<void> {
    await this.#api.send('PATCH', path, { body, contentType: 'application/merge-patch+json' })
  }

  async #resourcesOf(root: string): Promise<v.InferOutput<typeof resourcesSchema>['resources']> {
    const known = this.#resources.get(root)
    if (known !== undefined) return await known
    const asked = this.#api.get(root).then((answer) => v.parse(resourcesSchema, answer).resources)
    this.#resources.set(root, asked)
    // A failure is not remembered.
    asked.catch(() => this.#resources.delete(root))
    return await asked
  }
}
