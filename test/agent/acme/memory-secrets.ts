import type { AcmeSecrets, HeldSecret, SecretName } from '../../../src/agent/acme/acme-secrets.ts'

const keyOf = ({ namespace, name }: SecretName) => `${namespace}/${name}`

/** Secrets as an API server keeps them: whoever writes must know the version that there is. */
export class MemorySecrets implements AcmeSecrets {
  readonly held = new Map<string, HeldSecret>()
  #version = 0

  async read(secret: SecretName): Promise<HeldSecret | undefined> {
    return this.held.get(keyOf(secret))
  }

  async write(
    secret: SecretName,
    _type: string,
    held: HeldSecret | undefined,
    changes: Readonly<Record<string, string | null>>,
  ): Promise<HeldSecret> {
    const there = this.held.get(keyOf(secret))
    if (there?.resourceVersion !== held?.resourceVersion) throw new Error(`conflict on ${keyOf(secret)}`)
    const merged = Object.entries({ ...there?.entries, ...changes })
    const entries = Object.fromEntries(
      merged.flatMap(([name, text]) => (text === null ? [] : [[name, text]])),
    )
    const next = { resourceVersion: `${++this.#version}`, isManaged: there?.isManaged ?? true, entries }
    this.held.set(keyOf(secret), next)
    return next
  }
}
