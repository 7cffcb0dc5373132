import type { Pod } from '../model/objects/pod.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import { SameTarget, targetOf } from './same-target.ts'

/** How an exposed Service is exposed. */
export interface Exposure {
  readonly port: ServicePort
  readonly hosts: readonly string[]
}

/** One of the Services with the same selector. */
export interface Member {
  readonly service: Service
  readonly exposure: Exposure | undefined
}

/** Whether it takes the Pods to tell: one Service says the name of a container port, another a number or another name. */
export function needsPods(members: readonly Member[]): boolean {
  if (members.length < 2) return false
  const targets = new Set(members.flatMap(portsOf).map(targetOf))
  return targets.size > 1 && [...targets].some((target) => typeof target === 'string')
}

/**
 * Of two that are exposed the younger one gets the problem.
 * @param pods that they all select; they count only where it {@link needsPods}
 */
export function findDuplicates(unsorted: readonly Member[], pods: readonly Pod[]): Problem[] {
  const members = [...unsorted].sort(byAge)
  const targets = new SameTarget(pods)
  return members.flatMap((member, index) => {
    const { service, exposure } = member
    if (exposure === undefined) return []
    const twin = members
      .slice(0, index)
      .find((older) => older.exposure !== undefined && isTwin(older.exposure, exposure, targets))
    if (twin?.exposure !== undefined)
      return [bothExposed(service, exposure, twin.service, twin.exposure.port)]
    for (const other of members) {
      const open =
        other.exposure === undefined && portsOf(other).find((each) => targets.isSame(each, exposure.port))
      if (open) return [otherOpen(service, exposure, other.service, open)]
    }
    return []
  })
}

/** The port that is exposed; of a Service that is not, those that can be reached from outside all the same. */
function portsOf({ service: { spec }, exposure }: Member): readonly ServicePort[] {
  if (exposure !== undefined) return [exposure.port]
  const isOutside = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  return isOutside ? spec.ports.filter(({ protocol }) => protocol === 'TCP') : []
}

/** Two on one host share out its paths, with settings of their own: that is meant. */
function isTwin(older: Exposure, { port, hosts }: Exposure, targets: SameTarget): boolean {
  return targets.isSame(older.port, port) && !older.hosts.some((host) => hosts.includes(host))
}

function bothExposed(service: Service, { port }: Exposure, twin: Service, other: ServicePort): Problem {
  return serviceProblem(service, {
    code: 'selector-duplicate',
    severity: 'warning',
    field: 'spec.selector',
    message: `Service ${twin.meta.name} is exposed too, with the same selector and container port ${describe(port, other)}`,
    hint: 'Correct the selector of one of them; or expose one, with all hostnames on it.',
  })
}

function otherOpen(
  service: Service,
  { port }: Exposure,
  { meta, spec }: Service,
  other: ServicePort,
): Problem {
  return serviceProblem(service, {
    code: 'selector-duplicate',
    severity: 'info',
    field: 'spec.selector',
    message: `Service ${meta.name} (${spec.type}) leads to container port ${describe(port, other)} of the same Pods, past the gateway`,
    hint: 'Give the other one type ClusterIP, or remove it, unless it is meant.',
  })
}

/** `http`, or `http (8080 there)` where the other one says it otherwise. */
function describe(port: ServicePort, other: ServicePort): string {
  const [own, theirs] = [targetOf(port), targetOf(other)]
  return own === theirs ? `${own}` : `${own} (${theirs} there)`
}

function byAge(a: Member, b: Member): number {
  const [x, y] = [a.service.meta, b.service.meta]
  return compareText(x.creationTimestamp || '~', y.creationTimestamp || '~') || compareText(x.name, y.name)
}
