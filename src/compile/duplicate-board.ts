import { encodeCanonical } from '../model/canonical.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import type { ProblemBook } from './problem-book.ts'

/** How an exposed Service is exposed. */
export interface Exposure {
  readonly port: ServicePort
  readonly hosts: readonly string[]
}

interface Member {
  readonly service: Service
  readonly exposure: Exposure | undefined
}

/** Services by what they select: two that lead to the same port of the same Pods are likely a copy and its original. */
export class DuplicateBoard {
  readonly #book: ProblemBook
  /** By namespace and selector, then by name. */
  readonly #groups = new Map<string, Map<string, Member>>()
  readonly #dirty = new Set<string>()

  constructor(book: ProblemBook) {
    this.#book = book
  }

  replace(before: Service | undefined, after: Service | undefined, exposure: Exposure | undefined): void {
    const old = before && groupOf(before)
    if (before !== undefined && old !== undefined) {
      this.#groups.get(old)?.delete(before.meta.name)
      this.#dirty.add(old)
    }
    const now = after && groupOf(after)
    if (after !== undefined && now !== undefined) {
      const members = this.#groups.get(now) ?? new Map<string, Member>()
      this.#groups.set(now, members.set(after.meta.name, { service: after, exposure }))
      this.#dirty.add(now)
    }
  }

  settle(): void {
    for (const group of this.#dirty) {
      const members = [...(this.#groups.get(group)?.values() ?? [])].sort(byAge)
      if (members.length === 0) this.#groups.delete(group)
      this.#book.replace(`selector ${group}`, findDuplicates(members))
    }
    this.#dirty.clear()
  }
}

/** A headless Service beside another one is how StatefulSets are written, and ExternalName selects nothing. */
function groupOf({ meta, spec }: Service): string | undefined {
  const isApart = spec.clusterIP === 'None' || spec.type === 'ExternalName'
  if (isApart || spec.selector === undefined || Object.keys(spec.selector).length === 0) return undefined
  return `${meta.namespace} ${encodeCanonical(spec.selector)}`
}

/** Of two that are exposed the younger one gets the problem. */
function findDuplicates(members: readonly Member[]): Problem[] {
  return members.flatMap((member, index) => {
    const { service, exposure } = member
    if (exposure === undefined) return []
    const twin = members.slice(0, index).find((older) => isTwin(older.exposure, exposure))
    if (twin !== undefined) return [bothExposed(service, exposure, twin.service)]
    const open = members.find((other) => other.exposure === undefined && isOpen(other.service, exposure))
    return open === undefined ? [] : [otherOpen(service, exposure, open.service)]
  })
}

/** Two on one host share out its paths, with settings of their own: that is meant. */
function isTwin(older: Exposure | undefined, { port, hosts }: Exposure): boolean {
  return (
    older !== undefined &&
    targetOf(older.port) === targetOf(port) &&
    !older.hosts.some((host) => hosts.includes(host))
  )
}

/** Whether a Service that is not exposed here can be reached from outside all the same, at the same container port. */
function isOpen({ spec }: Service, { port }: Exposure): boolean {
  const isOutside = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  return isOutside && spec.ports.some((each) => each.protocol === 'TCP' && targetOf(each) === targetOf(port))
}

function targetOf({ port, targetPort }: ServicePort): string | number {
  return targetPort ?? port
}

function bothExposed(service: Service, { port }: Exposure, twin: Service): Problem {
  return serviceProblem(service, {
    code: 'selector-duplicate',
    severity: 'warning',
    field: 'spec.selector',
    message: `Service ${twin.meta.name} is exposed too, with the same selector and container port ${targetOf(port)}`,
    hint: 'Correct the selector of one of them; or expose one, with all hostnames on it.',
  })
}

function otherOpen(service: Service, { port }: Exposure, other: Service): Problem {
  return serviceProblem(service, {
    code: 'selector-duplicate',
    severity: 'info',
    field: 'spec.selector',
    message: `Service ${other.meta.name} (${other.spec.type}) leads to container port ${targetOf(port)} of the same Pods, past the gateway`,
    hint: 'Give the other one type ClusterIP, or remove it, unless it is meant.',
  })
}

function byAge(a: Member, b: Member): number {
  const [x, y] = [a.service.meta, b.service.meta]
  return compareText(x.creationTimestamp || '~', y.creationTimestamp || '~') || compareText(x.name, y.name)
}
