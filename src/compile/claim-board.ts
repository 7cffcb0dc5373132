import type { Problem } from '../model/problem.ts'
import { hostNotAllowed, isAllowed } from './allowed-hosts.ts'
import type { Claim } from './claim.ts'
import { ownerOfHost } from './host-owner.ts'
import type { CompileOptions } from './output.ts'

/**
 * Claims of all Services on hosts, incrementally: only those that are allowed stand, and a host is settled again only
 * when a claim on it comes, goes or changes.
 */
export class ClaimBoard {
  readonly #options: CompileOptions
  /** What Services (namespace/name) ask for, allowed or not. */
  readonly #asked = new Map<string, readonly Claim[]>()
  /** The claims that stand: by Service, and by host and Service. */
  readonly #standing = new Map<string, readonly Claim[]>()
  readonly #byHost = new Map<string, Map<string, Claim>>()
  /** By namespace, as its Namespace says. */
  readonly #allowed = new Map<string, readonly string[]>()
  readonly #dirty = new Set<string>()

  constructor(options: CompileOptions) {
    this.#options = options
  }

  /** A Service (namespace/name) asks for these places now. @returns what is wrong with them. */
  ask(service: string, claims: readonly Claim[]): Problem[] {
    if (claims.length === 0) this.#asked.delete(service)
    else this.#asked.set(service, claims)
    return this.judge(service)
  }

  /** What a Namespace allows now. @returns whether its Services must be judged again. */
  allow(namespace: string, hosts: readonly string[]): boolean {
    const before = this.#allowed.get(namespace) ?? []
    if (hosts.length === 0) this.#allowed.delete(namespace)
    else this.#allowed.set(namespace, hosts)
    return this.#options.hostClaims === 'strict' && before.join() !== hosts.join()
  }

  /** Judges a Service's claims by what is allowed now. @returns what is wrong with them. */
  judge(service: string): Problem[] {
    const standing: Claim[] = []
    const problems: Problem[] = []
    for (const claim of this.#asked.get(service) ?? []) {
      if (this.#mayClaim(claim)) standing.push(claim)
      else problems.push(hostNotAllowed(claim.host, claim.origin))
    }
    this.#replace(service, standing)
    return problems
  }

  /** Whether any claim of a Service (namespace/name) stands. */
  hasPlace(service: string): boolean {
    return this.#standing.has(service)
  }

  /** The hosts on which claims changed since the last call, each with all that stand. */
  takeChanged(): { host: string; claims: readonly Claim[] }[] {
    const changed = [...this.#dirty].map((host) => ({
      host,
      claims: [...(this.#byHost.get(host)?.values() ?? [])],
    }))
    this.#dirty.clear()
    return changed
  }

  #mayClaim({ host, origin: { namespace } }: Claim): boolean {
    if (this.#options.hostClaims === 'open') return true
    const owner = ownerOfHost(host, this.#options)
    if (owner.type === 'namespace' && owner.name === namespace) return true
    const byOperator = this.#options.allowHosts
      .filter((allowance) => allowance.namespace === '*' || allowance.namespace === namespace)
      .map((allowance) => allowance.host)
    return isAllowed(host, byOperator) || isAllowed(host, this.#allowed.get(namespace) ?? [])
  }

  #replace(service: string, standing: readonly Claim[]): void {
    const before = this.#standing.get(service) ?? []
    if (standing.length === 0) this.#standing.delete(service)
    else this.#standing.set(service, standing)
    for (const claim of before) if (!standing.includes(claim)) this.#drop(service, claim.host)
    for (const claim of standing) if (!before.includes(claim)) this.#put(service, claim)
  }

  #drop(service: string, host: string): void {
    const claims = this.#byHost.get(host)
    claims?.delete(service)
    if (claims?.size === 0) this.#byHost.delete(host)
    this.#dirty.add(host)
  }

  #put(service: string, claim: Claim): void {
    const claims = this.#byHost.get(claim.host) ?? new Map<string, Claim>()
    this.#byHost.set(claim.host, claims.set(service, claim))
    this.#dirty.add(claim.host)
  }
}
