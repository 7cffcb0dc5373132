import * as v from 'valibot'
import { encodeCanonical } from '../model/canonical.ts'
import { printable } from '../model/printable.ts'
import { RegistryError } from './port.ts'

export const SCHEMA_VERSION = 1

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const positionSchema = v.object({ epoch: count, revision: count })

export const headSchema = v.object({
  schema: v.literal(SCHEMA_VERSION),
  cluster: v.string(),
  position: positionSchema,
  /** The oldest moment (ms since the Unix epoch) at which every watch of the agent was live. */
  observedAt: count,
  /** Root of the hash tree over all records, hexadecimal. */
  root: v.string(),
  /** What brought this position about, for those who measure; absent when nothing was new. Decides nothing. */
  news: v.exactOptional(
    v.object({
      /** When the first of the published changes reached the agent, ms since the Unix epoch. */
      receivedAt: count,
      /** The agent's span of the publish, as W3C Trace Context has it. */
      traceparent: v.exactOptional(v.string()),
    }),
  ),
})

/** The small statement of what the registry holds at a position. */
export type Head = Readonly<v.InferOutput<typeof headSchema>>

/** Where a position came from. */
export type News = NonNullable<Head['news']>

export function encodeHead(head: Head): string {
  return encodeCanonical(head)
}

/** @returns undefined when the text is no head of a schema we know. */
export function parseHead(text: string): Head | undefined {
  try {
    const parsed = v.safeParse(headSchema, JSON.parse(text), { abortEarly: true })
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** @throws RegistryError when the text is no head, or another cluster's. */
export function readHead(text: string | undefined, cluster: string, where: string): Head {
  const head = text === undefined ? undefined : parseHead(text)
  if (head === undefined) {
    throw new RegistryError(
      'invalid',
      `Cannot read the head of cluster "${cluster}" (${where}): it is no head`,
    )
  }
  requireCluster(head, cluster, where)
  return head
}

/** @throws RegistryError when the head is another cluster's. */
export function requireCluster(head: Head, cluster: string, where: string): void {
  if (head.cluster === cluster) return
  const message = `Cannot use the head of cluster "${cluster}" (${where}): it is cluster "${printable(head.cluster)}"'s`
  throw new RegistryError('invalid', message)
}
