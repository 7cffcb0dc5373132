import * as v from 'valibot'
import { encodeCanonical } from '../model/canonical.ts'

export const SCHEMA_VERSION = 1

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const headSchema = v.object({
  schema: v.literal(SCHEMA_VERSION),
  cluster: v.string(),
  position: v.object({ epoch: count, revision: count }),
  /** The oldest moment (ms since the Unix epoch) at which every watch of the agent was live. */
  observedAt: count,
  /** Root of the hash tree over all records, hexadecimal. */
  root: v.string(),
})

/** The small statement of what the registry holds at a position. */
export type Head = Readonly<v.InferOutput<typeof headSchema>>

export function encodeHead(head: Head): string {
  return encodeCanonical(head)
}

/** @returns undefined when the text is no head of a schema we know. */
export function parseHead(text: string): Head | undefined {
  try {
    const parsed = v.safeParse(headSchema, JSON.parse(text))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
