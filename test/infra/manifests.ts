import { readdirSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parseAllDocuments } from 'yaml'

export const INFRA = new URL('../../infra/', import.meta.url)

const texts = v.optional(v.record(v.string(), v.string()), {})
const selector = v.object({ matchLabels: texts })

const probe = v.object({
  httpGet: v.optional(v.object({ path: v.string(), port: v.string() })),
  tcpSocket: v.optional(v.object({ port: v.string() })),
})

const containerSchema = v.object({
  name: v.string(),
  image: v.string(),
  args: v.array(v.string()),
  env: v.optional(
    v.array(
      v.object({
        name: v.string(),
        value: v.optional(v.string()),
        valueFrom: v.optional(
          v.union([
            v.object({ secretKeyRef: v.object({ name: v.string(), key: v.string() }) }),
            v.object({ fieldRef: v.object({ fieldPath: v.literal('spec.nodeName') }) }),
          ]),
        ),
      }),
    ),
    [],
  ),
  ports: v.array(v.object({ name: v.string(), containerPort: v.number() })),
  readinessProbe: probe,
  livenessProbe: probe,
  securityContext: v.unknown(),
})

const deploymentSchema = v.looseObject({
  kind: v.literal('Deployment'),
  metadata: v.looseObject({ name: v.string(), namespace: v.string() }),
  spec: v.looseObject({
    selector,
    template: v.looseObject({
      metadata: v.looseObject({ labels: texts }),
      spec: v.looseObject({
        serviceAccountName: v.optional(v.string(), 'default'),
        terminationGracePeriodSeconds: v.optional(v.number(), 30),
        securityContext: v.unknown(),
        containers: v.array(containerSchema),
      }),
    }),
  }),
})

export type Deployment = v.InferOutput<typeof deploymentSchema>
export type Container = v.InferOutput<typeof containerSchema>

const anySchema = v.looseObject({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
})

export type Manifest = v.InferOutput<typeof anySchema>

/** Files of infra/kustomize that hold objects, those of its components left out. */
export function manifestFiles(): string[] {
  const files = readdirSync(new URL('kustomize/', INFRA)).sort()
  return files.filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
}

/** Files with objects of the components, below infra/kustomize. */
export function componentFiles(): string[] {
  const files = readdirSync(new URL('kustomize/components/', INFRA), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'))
    .map((file) => `components/${file}`)
    .sort()
}

export function readInfra(path: string): string {
  return readFileSync(new URL(path, INFRA), 'utf8')
}

export function componentNames(): string[] {
  return readdirSync(new URL('kustomize/components/', INFRA)).sort()
}

/** Every object of infra/kustomize, those of its components left out. */
export function manifests(): Manifest[] {
  return manifestFiles().flatMap(manifestsIn)
}

/** Every object that a component adds. */
export function componentManifests(name: string): Manifest[] {
  return componentFiles()
    .filter((file) => file.startsWith(`components/${name}/`))
    .flatMap(manifestsIn)
}

function manifestsIn(file: string): Manifest[] {
  return parseAllDocuments(readInfra(`kustomize/${file}`)).map((document) =>
    v.parse(anySchema, document.toJS()),
  )
}

export function deployments(among = manifests()): Deployment[] {
  return among
    .filter(({ kind }) => kind === 'Deployment')
    .map((manifest) => v.parse(deploymentSchema, manifest))
}

/** The only object of that kind and name. */
export function manifestOf<S extends v.GenericSchema>(
  kind: string,
  name: string,
  schema: S,
  among = manifests(),
): v.InferOutput<S> {
  const found = among.filter((object) => object.kind === kind && object.metadata.name === name)
  if (found.length !== 1) throw new Error(`There are ${found.length} of ${kind} ${name}`)
  return v.parse(schema, found[0])
}
