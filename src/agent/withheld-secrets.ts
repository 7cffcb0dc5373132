import type { RecordChange } from '../compile/compilation.ts'
import type { Problem } from '../model/problem.ts'
import { hasSecret } from './secret-change.ts'

/** Which Secrets cannot be published, where there is no key of the gateways to seal them to. */
export class WithheldSecrets {
  /** By record: kind and key. */
  readonly #problems = new Map<string, Problem>()

  /**
   * Takes out every record with a secret part, so that none goes out open.
   * @returns what may go out; and all that is withheld, if that is another than before
   */
  take(changes: readonly RecordChange[]): {
    readonly changes: readonly RecordChange[]
    readonly problems: readonly Problem[] | undefined
  } {
    let isNews = false
    const passed = changes.map((change): RecordChange => {
      const { kind, key } = change
      if (hasSecret(change)) {
        isNews ||= !this.#problems.has(`${kind} ${key}`)
        this.#problems.set(`${kind} ${key}`, problemOf(kind, key))
        return { kind, key, value: null }
      }
      isNews = this.#problems.delete(`${kind} ${key}`) || isNews
      return change
    })
    return { changes: passed, problems: isNews ? [...this.#problems.values()] : undefined }
  }
}

function problemOf(kind: string, key: string): Problem {
  const [namespace = '', name = ''] = key.split('/')
  return {
    code: 'secret-unsealed',
    severity: 'error',
    kind: 'Secret',
    namespace,
    name,
    field: 'data',
    message: `The ${kind} in it is not published: the agent has no key of the gateways to seal it to.`,
    hint: 'Give the agent --gateway-keys, and the gateways --sealing-key: `postern keys make` makes both (docs/registry-trust.md).',
  }
}
