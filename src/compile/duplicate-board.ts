import { encodeCanonical } from '../model/canonical.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { type Pod, podPorts } from '../model/objects/pod.ts'
import type { Service } from '../model/objects/service.ts'
import { isWorkload } from '../model/objects/workload.ts'
import type { Problem } from '../model/problem.ts'
import { type Labels, makes, podsSelected, selects } from './backing.ts'
import { type Exposure, findDuplicates, type Member, needsPods } from './duplicates.ts'
import type { NamespaceIndex } from './namespace-index.ts'
import type { ProblemBook } from './problem-book.ts'

/** Services of a namespace with one selector. */
interface Group {
  readonly namespace: string
  readonly selector: Labels
  /** By name. */
  readonly members: Map<string, Member>
}

/**
 * Services by what they select: two that lead to the same port of the same Pods are likely a copy and its original. Pods
 * and workloads are looked at only for those that say the port differently.
 */
export class DuplicateBoard {
  readonly #namespaces: NamespaceIndex
  readonly #book: ProblemBook
  readonly #groups = new Map<string, Group>()
  readonly #dirty = new Set<string>()
  /** Groups that need Pods, by namespace. */
  readonly #needing = new Map<string, Set<string>>()

  constructor(namespaces: NamespaceIndex, book: ProblemBook) {
    this.#namespaces = namespaces
    this.#book = book
  }

  replace(before: Service | undefined, after: Service | undefined, exposure: Exposure | undefined): void {
    const old = before && groupOf(before)
    if (before !== undefined && old !== undefined) {
      this.#groups.get(old.key)?.members.delete(before.meta.name)
      this.#dirty.add(old.key)
    }
    const now = after && groupOf(after)
    if (after !== undefined && now !== undefined) {
      const group = this.#groups.get(now.key) ?? { ...now, members: new Map<string, Member>() }
      group.members.set(after.meta.name, { service: after, exposure })
      this.#groups.set(now.key, group)
      this.#dirty.add(now.key)
    }
  }

  /** Takes note of a change of any object: a Pod or a workload may say where a name leads. */
  note(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const needing = this.#needing.get((after ?? before)?.meta.namespace ?? '')
    if (needing === undefined || isSamePod(before, after)) return
    for (const key of needing) {
      const { selector } = this.#groups.get(key) ?? {}
      if (isBehind(before, selector) || isBehind(after, selector)) this.#dirty.add(key)
    }
  }

  settle(): void {
    for (const key of this.#dirty) {
      const group = this.#groups.get(key)
      if (group !== undefined) this.#book.replace(`selector ${key}`, this.#settle(key, group))
    }
    this.#dirty.clear()
  }

  #settle(key: string, { namespace, selector, members }: Group): readonly Problem[] {
    const all = [...members.values()]
    const isNeeding = needsPods(all)
    const needing = this.#needing.get(namespace) ?? new Set<string>()
    if (isNeeding) this.#needing.set(namespace, needing.add(key))
    else if (needing.delete(key) && needing.size === 0) this.#needing.delete(namespace)
    if (all.length === 0) this.#groups.delete(key)
    const around = {
      pods: () => [...this.#namespaces.pods(namespace)],
      workloads: () => [...this.#namespaces.workloads(namespace)],
    }
    return findDuplicates(all, isNeeding ? podsSelected(selector, around) : [])
  }
}

/** A headless Service beside another one is how StatefulSets are written, and ExternalName selects nothing. */
function groupOf({
  meta: { namespace },
  spec: { clusterIP, type, selector },
}: Service): (Omit<Group, 'members'> & { readonly key: string }) | undefined {
  const isApart = clusterIP === 'None' || type === 'ExternalName'
  if (isApart || selector === undefined || Object.keys(selector).length === 0) return undefined
  return { namespace, selector, key: `${namespace} ${encodeCanonical(selector)}` }
}

function isBehind(object: KubeObject | undefined, selector: Labels | undefined): boolean {
  if (object === undefined) return false
  return object.kind === 'Pod'
    ? selects(selector, object.meta.labels)
    : isWorkload(object) && makes(object, selector)
}

/** Whether only that of a Pod changed which changes often, and says nothing of its ports. */
function isSamePod(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  return before?.kind === 'Pod' && after?.kind === 'Pod' && factsOf(before) === factsOf(after)
}

function factsOf(pod: Pod): string {
  return encodeCanonical([pod.meta.labels, podPorts(pod)])
}
