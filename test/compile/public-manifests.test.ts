import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { inspect } from '../../src/cli/inspect.ts'
import { Compilation } from '../../src/compile/compilation.ts'
import type { KubeObject } from '../../src/model/objects/object.ts'
import type { Service } from '../../src/model/objects/service.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { overlay } from '../support/overlay.ts'

const folder = new URL('../../../shared/manifests/', import.meta.url)
const isPresent = existsSync(folder)
if (!isPresent)
  console.log('Skipped: ../shared/manifests is absent, so the public manifests are not compiled.')

/** What is worth a word when everything is exposed, databases too: each of these is true of them. */
const TRUE_OF_THEM = ['duplicate-object', 'node-port-open', 'policy-shuts-out-clients', 'selector-duplicate']

describe.skipIf(!isPresent)('public manifests, every Service exposed', () => {
  test.each(['online-boutique', 'sock-shop', 'argo-cd', 'cassandra'])(
    '%s with its Pods running gives no warning that is not true',
    (name) => {
      const manifest = overlay(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'))
      const text = manifest.documents.map((document) => stringify(document)).join('---\n')
      const { problems } = inspect(collectManifests([parseManifest(text, name)]), compileOptions)
      const warnings = problems.filter(({ severity }) => severity !== 'info')
      expect(warnings.filter(({ code }) => !TRUE_OF_THEM.includes(code))).toEqual([])
    },
  )

  test.each(['online-boutique', 'sock-shop', 'argo-cd', 'cassandra'])(
    '%s compiles without an error',
    (name) => {
      const file = `${name}.yaml`
      const { objects, problems } = collectManifests([
        parseManifest(readFileSync(new URL(file, folder), 'utf8'), file),
      ])
      const exposed = [...objects.values()].map((object) =>
        object.kind === 'Service' ? expose(object) : object,
      )
      const changes = new Compilation(compileOptions).apply([
        ...exposed.map((object: KubeObject) => ({ type: 'put', object }) as const),
        { type: 'found', facet: 'manifests', problems },
      ])
      const found = changes.flatMap((change) => (change.kind === 'problem' ? (change.value ?? []) : []))
      expect(found.filter((problem) => problem.severity === 'error')).toEqual([])
      const services = exposed.filter((object) => object.kind === 'Service')
      expect(services.length).toBeGreaterThan(0)
      const headless = services.filter(({ spec }) => spec.clusterIP === 'None')
      // One hostname each, and one for the Pods of each headless one.
      expect(changes.filter((change) => change.kind === 'route')).toHaveLength(
        services.length + headless.length,
      )
      expect(changes.filter((change) => change.kind === 'service')).toHaveLength(services.length)
    },
  )
})

/** The annotations that its owner would write. */
function expose(service: Service): Service {
  const ports = service.spec.ports.filter((port) => port.protocol === 'TCP')
  const isObvious = ports.length === 1 || ports.some((port) => port.name === 'http' || port.port === 80)
  const annotations: Record<string, string> = { ...service.meta.annotations, 'postern.dev/expose': 'true' }
  if (!isObvious) annotations['postern.dev/port'] = `${ports[0]?.port}`
  // Requests to gRPC are not carried yet: what is tested here is the rest.
  const plain = service.spec.ports.map((port) => ({ ...port, appProtocol: undefined }))
  return { ...service, meta: { ...service.meta, annotations }, spec: { ...service.spec, ports: plain } }
}
