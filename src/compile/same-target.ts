import { encodeCanonical } from '../model/canonical.ts'
import { type Pod, podPorts } from '../model/objects/pod.ts'
import type { ServicePort } from '../model/objects/service.ts'
import { compareText } from '../model/problem.ts'
import { containerPortOf } from './target-port.ts'

/** Pods of one template declare the same: few kinds are as good as all. */
const MAX_KINDS = 20

/** A container port as a Service says it: by name or number. */
export type Target = string | number

export function targetOf({ port, targetPort }: ServicePort): Target {
  return targetPort ?? port
}

/** Whether ports of Services that select the same Pods lead to the same port of their containers. */
export class SameTarget {
  /** A Pod for each list of ports that is declared. */
  readonly #kinds: readonly Pod[]
  readonly #ports = new Map<Target, readonly (number | undefined)[]>()

  constructor(pods: readonly Pod[]) {
    const kinds = new Map(pods.map((pod) => [encodeCanonical(podPorts(pod)), pod]))
    this.#kinds = [...kinds]
      .sort(([a], [b]) => compareText(a, b))
      .slice(0, MAX_KINDS)
      .map(([, pod]) => pod)
  }

  /** Of TCP ports. While a rollout moves a name to another port, one Pod in which they meet is enough. */
  isSame(a: ServicePort, b: ServicePort): boolean {
    if (targetOf(a) === targetOf(b)) return true
    if (typeof targetOf(a) === 'number' && typeof targetOf(b) === 'number') return false
    const others = this.#portsOf(b)
    return this.#portsOf(a).some((port, i) => port !== undefined && port === others[i])
  }

  /** In each kind of Pod. */
  #portsOf(port: ServicePort): readonly (number | undefined)[] {
    const target = targetOf(port)
    const ports = this.#ports.get(target) ?? this.#kinds.map((pod) => containerPortOf(port, pod))
    this.#ports.set(target, ports)
    return ports
  }
}
