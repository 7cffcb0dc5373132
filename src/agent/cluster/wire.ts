import * as v from 'valibot'
import type { Collection } from './kinds.ts'

/** What every object has, however wrong the rest of it is. */
export interface RawObject {
  readonly metadata: {
    readonly name: string
    /** '' of a cluster-scoped kind. */
    readonly namespace: string
    readonly resourceVersion: string
  }
}

/** Opaque, but never one of the two that mean "any": a watch from there would not tell what was deleted. */
const version = v.pipe(v.string(), v.nonEmpty(), v.notValue('0'))
const name = v.pipe(v.string(), v.nonEmpty())

/** A list of one kind (meta/v1 List), of which so many items were taken out already. */
export function pageSchema({ kind }: Collection, count: number) {
  return v.object({
    kind: v.literal(`${kind}List`),
    metadata: v.object({ resourceVersion: version, continue: v.nullish(v.string(), '') }),
    items: v.pipe(v.nullish(v.array(v.null()), []), v.length(count)),
  })
}

/**
 * An item of a list. A single one that cannot be told from others makes the whole answer unreadable: one that was left
 * out might be a policy.
 */
export function itemSchema({ isNamespaced }: Collection) {
  return v.looseObject({ metadata: identity(isNamespaced) })
}

/** One line of a watch (meta/v1 WatchEvent). */
export function eventSchema({ kind, isNamespaced }: Collection) {
  const object = v.looseObject({ kind: v.literal(kind), metadata: identity(isNamespaced) })
  return v.variant('type', [
    v.object({ type: v.picklist(['ADDED', 'MODIFIED', 'DELETED']), object }),
    v.object({
      type: v.literal('BOOKMARK'),
      object: v.object({ metadata: v.object({ resourceVersion: version }) }),
    }),
    v.object({ type: v.literal('ERROR'), object: v.unknown() }),
  ])
}

function identity(isNamespaced: boolean) {
  return v.looseObject({
    name,
    namespace: isNamespaced ? name : v.nullish(v.literal(''), ''),
    resourceVersion: version,
  })
}

/** @param of what the text holds; of a Secret no error repeats anything */
export function parseJson(text: string, of?: Pick<Collection, 'kind'>): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (of?.kind === 'Secret') throw new Error('the answer is not JSON')
    throw new Error(`the answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`, { cause })
  }
}

/** The first thing that is wrong, and where. */
export function issueOf(result: { readonly issues?: readonly v.BaseIssue<unknown>[] | undefined }): string {
  const [issue] = result.issues ?? []
  return issue === undefined ? '' : `${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`
}
