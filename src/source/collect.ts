import { encodeCanonical } from '../model/canonical.ts'
import { SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import { PREFIX } from '../model/objects/meta.ts'
import { type KubeObject, keyOf, objectKey } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import { deriveSlices } from './derive.ts'
import { mirrorEndpoints } from './mirror.ts'
import type { Located, ParsedManifest } from './parse.ts'
import { locate, type Place } from './place.ts'

/** All that a set of manifests says. */
export interface Collection {
  readonly objects: ReadonlyMap<string, KubeObject>
  readonly problems: readonly Problem[]
  /** Where each object stands, by key; slices that were derived stand where their Service or Endpoints do. */
  readonly places: ReadonlyMap<string, Place>
  /** Secrets and ConfigMaps, by key, that may be there and could not be read. */
  readonly withheld?: readonly string[]
}

/** Joins manifests into one set of objects, in the order of the files; a second, different object of a name is a problem. */
export function collectManifests(manifests: readonly ParsedManifest[]): Collection {
  const located = new Map<string, Located>()
  const problems: Problem[] = manifests.flatMap((manifest) => manifest.problems)
  for (const next of manifests.flatMap((manifest) => manifest.objects)) {
    const key = keyOf(next.object)
    const first = located.get(key)
    if (first === undefined) located.set(key, next)
    else if (!isSame(next.object, first.object)) problems.push(duplicate(next, first))
  }
  const objects = new Map([...located].map(([key, { object }]) => [key, object]))
  const places = new Map([...located].map(([key, { place }]) => [key, place]))
  const made = [...objects.values()]
  const slices = [
    ...deriveSlices(made).map((slice) => ({ slice, from: 'Service' })),
    ...mirrorEndpoints(made).map((slice) => ({ slice, from: 'Endpoints' })),
  ]
  for (const { slice, from } of slices) {
    objects.set(keyOf(slice), slice)
    const name = slice.meta.labels[SERVICE_NAME_LABEL] ?? ''
    const place = places.get(objectKey(from, slice.meta.namespace, name))
    // The origin has none of the slice's fields.
    if (place !== undefined) places.set(keyOf(slice), { ...place, lineOf: () => place.line })
  }
  return { objects, problems, places }
}

// Joined manifests often repeat a Namespace word for word: nothing is lost by that.
function isSame(a: KubeObject, b: KubeObject): boolean {
  return encodeCanonical(a) === encodeCanonical(b)
}

function saysTheSame(a: KubeObject, b: KubeObject): boolean {
  const [one, other] = [a, b].map((object) => {
    const annotations = 'annotations' in object.meta ? object.meta.annotations : {}
    return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith(PREFIX)))
  })
  return encodeCanonical(one) === encodeCanonical(other)
}

function duplicate(second: Located, first: Located): Problem {
  const { kind, meta } = second.object
  const [here, there] = [second.place, first.place]
  const problem: Problem = {
    code: 'duplicate-object',
    // Of a Namespace nothing but our annotations is used.
    severity: kind === 'Namespace' && saysTheSame(second.object, first.object) ? 'warning' : 'error',
    kind,
    namespace: meta.namespace,
    name: meta.name,
    field: 'metadata.name',
    message: `${kind} ${meta.name} in ${here.file}, line ${here.line}, stands already in ${there.file}, line ${there.line}`,
    hint: 'The first one is used. Remove or rename the other.',
  }
  return locate(problem, here)
}
