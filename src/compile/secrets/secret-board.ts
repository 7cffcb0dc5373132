import { encodeCanonical } from '../../model/canonical.ts'
import { objectKey } from '../../model/objects/object.ts'
import type { Service } from '../../model/objects/service.ts'
import { compareText } from '../../model/problem.ts'
import type { PosternRecord } from '../../model/records.ts'
import type { RecordChange } from '../compilation.ts'
import type { NamespaceIndex } from '../namespace-index.ts'
import type { ProblemBook } from '../problem-book.ts'
import type { CertificateReader } from './certificate-reader.ts'
import type { SecretReading } from './fault.ts'
import { readSecret } from './read-secret.ts'
import type { SecretReference, SecretUse } from './reference.ts'
import { type Referrer, referrerProblems, type SecretState, type Withheld } from './referrer.ts'

type Readings = ReadonlyMap<SecretUse, SecretReading>

/**
 * Secrets and ConfigMaps by the Services that name them: one that nobody names is not looked at; one that changed is read
 * again for those that do, and nothing else of them is compiled.
 */
export class SecretBoard {
  readonly #namespaces: NamespaceIndex
  readonly #book: ProblemBook
  readonly #reader: CertificateReader
  /** By namespace/name of the Service. */
  readonly #referrers = new Map<string, Referrer>()
  /** Services by the key of what they name. */
  readonly #namedBy = new Map<string, Set<string>>()
  readonly #withheld = new Map<string, Withheld>()
  readonly #readings = new Map<string, Readings>()
  readonly #dirtySecrets = new Set<string>()
  readonly #dirtyServices = new Set<string>()
  /** What time it was told to be, ms since the Unix epoch. */
  #now: number | undefined

  constructor(namespaces: NamespaceIndex, book: ProblemBook, reader: CertificateReader) {
    this.#namespaces = namespaces
    this.#book = book
    this.#reader = reader
  }

  /** What a Service (namespace/name) names now, and the hosts that it wants certificates for. */
  refer(
    name: string,
    service: Service | undefined,
    references: readonly SecretReference[],
    hosts: readonly string[],
  ): void {
    const before = this.#referrers.get(name)
    if (before === undefined && references.length === 0) return
    const [old, now] = [keysOf(before?.references ?? []), keysOf(references)]
    for (const key of old) if (!now.has(key)) this.#unname(key, name)
    for (const key of now) this.#namedBy.set(key, (this.#namedBy.get(key) ?? new Set()).add(name))
    if (service === undefined || references.length === 0) this.#referrers.delete(name)
    else this.#referrers.set(name, { service, references, hosts })
    for (const key of new Set([...old, ...now])) this.#dirtySecrets.add(key)
    this.#dirtyServices.add(name)
  }

  /** A Secret or ConfigMap (kind/namespace/name) came, changed or went. */
  note(key: string): void {
    if (this.#namedBy.has(key)) this.#dirtySecrets.add(key)
  }

  /** Why an object is not there for us, although it may be in the cluster; undefined: what we know of it is all there is. */
  withhold(key: string, reason: Withheld | undefined): void {
    if (reason === undefined) this.#withheld.delete(key)
    else this.#withheld.set(key, reason)
    for (const service of this.#namedBy.get(key) ?? []) this.#dirtyServices.add(service)
  }

  /** Certificates are judged by this from now on. */
  tellTime(at: number): void {
    this.#now = at
    for (const [name, { references }] of this.#referrers) {
      if (references.some(({ use }) => use === 'certificate')) this.#dirtyServices.add(name)
    }
  }

  settle(out: RecordChange[]): void {
    for (const key of this.#dirtySecrets) {
      this.#settleSecret(key, out)
      for (const service of this.#namedBy.get(key) ?? []) this.#dirtyServices.add(service)
    }
    this.#dirtySecrets.clear()
    for (const name of this.#dirtyServices) {
      const referrer = this.#referrers.get(name)
      const stateOf = (reference: SecretReference) => this.#stateOf(reference)
      this.#book.replace(
        `secrets ${name}`,
        referrer === undefined ? [] : referrerProblems(referrer, stateOf, this.#now),
      )
    }
    this.#dirtyServices.clear()
  }

  #settleSecret(key: string, out: RecordChange[]): void {
    const before = recordsOf(this.#readings.get(key))
    const object = this.#namespaces.object(key)
    const uses = this.#usesOf(key)
    const isThere = object?.kind === 'Secret' || object?.kind === 'ConfigMap'
    const readings: Readings =
      isThere && uses.length > 0
        ? readSecret(object, uses, this.#reader)
        : new Map<SecretUse, SecretReading>()
    if (readings.size === 0) this.#readings.delete(key)
    else this.#readings.set(key, readings)
    const after = recordsOf(readings)
    for (const [id, { kind, key: recordKey }] of before) {
      if (!after.has(id)) out.push({ kind, key: recordKey, value: null })
    }
    for (const [id, record] of after) if (!isSame(before.get(id), record)) out.push(record)
  }

  #usesOf(key: string): readonly SecretUse[] {
    const uses = [...(this.#namedBy.get(key) ?? [])].flatMap((service) =>
      (this.#referrers.get(service)?.references ?? [])
        .filter((reference) => keyOf(reference) === key)
        .map(({ use }) => use),
    )
    return [...new Set(uses)].sort(compareText)
  }

  #stateOf(reference: SecretReference): SecretState {
    const key = keyOf(reference)
    return { withheld: this.#withheld.get(key), reading: this.#readings.get(key)?.get(reference.use) }
  }

  #unname(key: string, service: string): void {
    const services = this.#namedBy.get(key)
    services?.delete(service)
    if (services?.size === 0) this.#namedBy.delete(key)
  }
}

function keyOf({ kind, namespace, name }: SecretReference): string {
  return objectKey(kind, namespace, name)
}

function keysOf(references: readonly SecretReference[]): ReadonlySet<string> {
  return new Set(references.map(keyOf))
}

/** By kind: of one Secret there is at most one of each. */
function recordsOf(readings: Readings | undefined): ReadonlyMap<string, PosternRecord> {
  const records = [...(readings?.values() ?? [])].flatMap(({ record }) => record ?? [])
  return new Map(records.map((record) => [record.kind, record]))
}

function isSame(a: PosternRecord | undefined, b: PosternRecord): boolean {
  return a !== undefined && encodeCanonical(a.value) === encodeCanonical(b.value)
}
