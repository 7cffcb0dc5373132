import * as v from 'valibot'
import { encodeCanonical } from '../model/canonical.ts'
import { formatPosition } from '../model/position.ts'
import { printable } from '../model/printable.ts'
import { RegistryError } from './port.ts'

export const SCHEMA_VERSION = 1

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const positionSchema = v.object({ epoch: count, revision: count })

const statementSchema = v.object({
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

/** What a registry holds at a position, as an agent states it. */
export type Statement = Readonly<v.InferOutput<typeof statementSchema>>

/** Where a position came from. */
export type News = NonNullable<Statement['news']>

declare const trusted: unique symbol

/**
 * A statement whose author this process trusts: only a {@link HeadReader} makes one of a text, and only a
 * {@link HeadWriter} one of its own.
 */
export type Head = Statement & {
  /** As it is published and passed on, with its signature: all of the statement is under it. */
  readonly text: string
  readonly [trusted]: true
}

/** Reads heads of anybody's making. Which authors it trusts, who made it decided. */
export interface HeadReader {
  /**
   * @param where what the text was read from
   * @throws RegistryError that names cluster, position and key, when the text is no head, not one of the cluster, or of
   * an author who is not trusted
   */
  read(text: string | undefined, cluster: string, where: string): Promise<Head>
}

/** Makes heads of what an agent has to state. */
export interface HeadWriter {
  write(statement: Statement): Promise<Head>
}

/** For readers and writers of heads alone: nobody else can know that the statement is to be trusted. */
export function trust(statement: Statement, text: string): Head {
  // The symbol has no value: it is in the type, so that no other object passes for a head.
  return { ...statement, text } as Head
}

/** A head without a signature: for a registry that never leaves the process, and for development. */
export function unsignedHead(statement: Statement): Head {
  return trust(statement, encodeCanonical(statement))
}

/** Writes heads that anybody could have written. */
export const unsignedWriter: HeadWriter = { write: async (statement) => unsignedHead(statement) }

/** @returns undefined when the text states nothing in a schema that we know. */
export function parseStatement(text: string): Statement | undefined {
  try {
    const parsed = v.safeParse(statementSchema, JSON.parse(text), { abortEarly: true })
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** Says why a head is not used. @param statement what it says, as far as it can be read */
export function refuseHead(
  cluster: string,
  where: string,
  why: string,
  statement?: Statement | undefined,
): RegistryError {
  const at = statement === undefined ? '' : ` at ${formatPosition(statement.position)}`
  return new RegistryError('invalid', `Cannot use the head of cluster "${cluster}"${at} (${where}): ${why}`)
}

/** @throws RegistryError when the statement is of another cluster. */
export function requireCluster(statement: Statement, cluster: string, where: string): void {
  if (statement.cluster === cluster) return
  throw refuseHead(cluster, where, `it is cluster "${printable(statement.cluster)}"'s`, statement)
}
