import * as v from 'valibot'
import type { Collection } from '../cluster/kinds.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import type { AcmeSecrets, EntryChanges, HeldSecret, SecretName } from './acme-secrets.ts'

/** Says that a Secret is ours to write. */
export const MANAGED_LABEL = 'postern.dev/acme'
const MANAGED = 'managed'

const texts = v.nullish(v.record(v.string(), v.string('is no text')), {})
const secretSchema = v.object({
  metadata: v.object({ resourceVersion: v.pipe(v.string(), v.nonEmpty()), labels: texts }),
  data: texts,
})

/** Secrets of a cluster, each by its name: `list` and `patch` of that name, and `create` in its namespace. */
export function kubeSecrets(api: Pick<KubeApi, 'list' | 'send'>): AcmeSecrets {
  return {
    read: async (secret, signal) => {
      const found: HeldSecret[] = []
      await api.list(collectionOf(secret), '', signal, (item) => {
        found.push(readHeld(secret, item))
      })
      return found[0]
    },
    write: async (secret, type, held, changes, signal) => {
      const path = pathOf(secret)
      const data = dataOf(changes)
      if (held === undefined) {
        const metadata = { name: secret.name, labels: { [MANAGED_LABEL]: MANAGED } }
        const body = { apiVersion: 'v1', kind: 'Secret', type, metadata, data }
        return readHeld(secret, await api.send(path, { method: 'POST', body }, signal))
      }
      const { resourceVersion } = held
      const body = { metadata: { resourceVersion }, data }
      return readHeld(secret, await api.send(`${path}/${secret.name}`, { method: 'PATCH', body }, signal))
    },
  }
}

function pathOf({ namespace }: SecretName): string {
  return `/api/v1/namespaces/${namespace}/secrets`
}

function collectionOf(secret: SecretName): Collection {
  return {
    kind: 'Secret',
    isNamespaced: true,
    path: pathOf(secret),
    fieldSelector: `metadata.name=${secret.name}`,
  }
}

function readHeld({ namespace, name }: SecretName, object: unknown): HeldSecret {
  const parsed = v.safeParse(secretSchema, object)
  if (!parsed.success) {
    // Without what is wrong: it could repeat what the Secret holds.
    throw new Error(`Cannot read Secret ${namespace}/${name}: the answer is no Secret`)
  }
  const { metadata, data } = parsed.output
  const entries = Object.entries(data).flatMap(([key, text]) => {
    const decoded = decode(text)
    return decoded === undefined ? [] : [[key, decoded]]
  })
  return {
    resourceVersion: metadata.resourceVersion,
    isManaged: metadata.labels[MANAGED_LABEL] === MANAGED,
    entries: Object.fromEntries(entries),
  }
}

function dataOf(changes: EntryChanges): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(changes).map(([key, text]) => [
      key,
      text === null ? null : Buffer.from(text).toString('base64'),
    ]),
  )
}

function decode(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}
