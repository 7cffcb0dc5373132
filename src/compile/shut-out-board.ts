import { objectKey } from '../model/objects/object.ts'
import { compareText, type Problem } from '../model/problem.ts'
import type { ShutOut } from './admission.ts'
import { clientsRule, type GatewayPods, gatewayRule } from './gateway-pods.ts'
import type { ProblemBook } from './problem-book.ts'

/** How many Services are named. */
const SHOWN = 3

/** Who is shut out by which policy: one problem a policy and code, however many Services it concerns. */
export class ShutOutBoard {
  readonly #book: ProblemBook
  readonly #gateway: GatewayPods
  readonly #ofService = new Map<string, ShutOut>()
  /** Services (namespace/name) by the key of the policy. */
  readonly #services = new Map<string, Set<string>>()
  readonly #dirty = new Set<string>()

  constructor(book: ProblemBook, gateway: GatewayPods) {
    this.#book = book
    this.#gateway = gateway
  }

  /** @param service namespace/name */
  replace(service: string, after: ShutOut | undefined): void {
    const before = this.#ofService.get(service)
    if (before !== undefined) {
      const key = keyOf(before)
      this.#services.get(key)?.delete(service)
      this.#dirty.add(key)
    }
    if (after === undefined) this.#ofService.delete(service)
    else {
      const key = keyOf(after)
      this.#ofService.set(service, after)
      this.#services.set(key, (this.#services.get(key) ?? new Set()).add(service))
      this.#dirty.add(key)
    }
  }

  settle(): void {
    for (const key of this.#dirty) {
      const services = [...(this.#services.get(key) ?? [])].sort(compareText)
      if (services.length === 0) this.#services.delete(key)
      this.#book.replace(`shut out by ${key}`, this.#problems(services))
    }
    this.#dirty.clear()
  }

  #problems(services: readonly string[]): Problem[] {
    return (['policy-shuts-out-clients', 'policy-shuts-out-gateway'] as const).flatMap((code) => {
      const found = services.flatMap((service) => {
        const shutOut = this.#ofService.get(service)
        return shutOut?.code === code ? [{ ...shutOut, service }] : []
      })
      const [first] = found
      return first === undefined ? [] : [problemOf(first, found, this.#gateway)]
    })
  }
}

function keyOf({ policy }: ShutOut): string {
  return objectKey(policy.kind, policy.meta.namespace, policy.meta.name)
}

function problemOf(
  { code, policy }: ShutOut,
  found: readonly (ShutOut & { readonly service: string })[],
  gateway: GatewayPods,
): Problem {
  const names = found.slice(0, SHOWN).map(({ service }) => service.slice(service.indexOf('/') + 1))
  const others = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : ''
  const ports = [...new Set(found.map(({ port }) => port))].sort((a, b) => a - b)
  const isGatewayOut = found.some((each) => each.isGatewayOut)
  const isClientsOut = code === 'policy-shuts-out-clients'
  const who = isClientsOut ? 'No client from outside is' : 'The gateway is not'
  const rules = [
    ...(isClientsOut ? [clientsRule(ports)] : []),
    ...(isGatewayOut ? [gatewayRule(gateway, ports)] : []),
  ]
  return {
    code,
    severity: 'warning',
    kind: policy.kind,
    namespace: policy.meta.namespace,
    name: policy.meta.name,
    field: 'spec.ingress',
    message: `${who} admitted to port ${ports.join(', ')} of the Pods behind ${names.join(', ')}${others}`,
    hint: `Add to spec.ingress: ${rules.join(' and ')}.`,
  }
}
