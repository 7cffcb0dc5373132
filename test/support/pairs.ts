import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'
import type { ConfigMap, Secret } from '../../src/model/objects/secret.ts'

const FIXTURE = new URL('../fixtures/compile/secrets.cluster.yaml', import.meta.url)

/** A Secret of the golden manifest: `shop-example-com` and `other` hold pairs that fit, valid from 2020 to 2120. */
export function goldenSecret(name: string): Secret {
  for (const document of parseAllDocuments(readFileSync(FIXTURE, 'utf8'))) {
    const object = objectOf(document.toJS())
    if (object.kind === 'Secret' && object.meta.name === name) return object
  }
  throw new Error(`There is no Secret ${name} in the golden manifest`)
}

/** A Secret of namespace shop, called secret, with these texts. */
export function secretOf(stringData: Readonly<Record<string, string>>, type = 'Opaque'): Secret {
  const object = objectOf({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'shop', name: 'secret' },
    type,
    stringData,
  })
  if (object.kind !== 'Secret') throw new Error('That was no Secret')
  return object
}

export function configMapOf(data: Readonly<Record<string, string>>): ConfigMap {
  const object = objectOf({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'shop', name: 'map' },
    data,
  })
  if (object.kind !== 'ConfigMap') throw new Error('That was no ConfigMap')
  return object
}

/** What a Secret holds, as it was before base64. */
export function plainOf({ data }: Secret, name: string): string {
  return atob(data[name] ?? '')
}

export function objectOf(raw: unknown): KubeObject {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(`The test's object is wrong: ${JSON.stringify(parsed)}`)
  return parsed.object
}
