import type { ObjectChange } from '../../compile/compilation.ts'
import type { ServiceExposure } from '../../compile/output.ts'
import { nobodyOrders } from './wishes.ts'

export interface NoAuthorityOptions {
  readonly apply: (changes: readonly ObjectChange[]) => Promise<void>
  readonly onTrouble: (error: Error) => void
}

/** Where no directory was given: Services that ask for a certificate are told that nobody orders it. */
export class NoAuthority {
  readonly #options: NoAuthorityOptions
  /** Services (namespace/name) that have been told. */
  readonly #told = new Set<string>()

  constructor(options: NoAuthorityOptions) {
    this.#options = options
  }

  /** Services that changed, or whose hosts did. */
  update(changed: readonly ServiceExposure[]): void {
    for (const exposure of changed) {
      const { name } = exposure
      const problems = nobodyOrders(exposure)
      if (problems.length > 0) this.#told.add(name)
      else if (!this.#told.delete(name)) continue
      const found = { type: 'found' as const, facet: `acme ${name}`, problems }
      void this.#options.apply([found]).catch(this.#options.onTrouble)
    }
  }
}
