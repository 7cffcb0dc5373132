import * as v from 'valibot'
import { patternsOf } from '../model/host.ts'
import { parseRecord } from '../model/parse-record.ts'
import { formatPosition } from '../model/position.ts'
import { printable } from '../model/printable.ts'
import type { PosternRecord } from '../model/records.ts'
import { credentialsOf } from './credentials-of.ts'
import type { HashTree } from './hash-tree.ts'
import type { Head } from './head.ts'
import { ownerOf, recordId } from './owner.ts'
import { RegistryError, type StoredRecord } from './port.ts'
import { digestOf, type Proof, proofSchema, sortDigests, verifyProof } from './proof.ts'

const [presentEnd, ...absentEnds] = proofSchema.entries.end.options
const recordSchema = v.tuple([v.string(), v.string(), v.string()])

const leafSchema = v.object({
  ...proofSchema.entries,
  end: v.variant('type', [
    // The records themselves: their digests follow from them.
    v.object({ ...presentEnd.entries, records: v.array(recordSchema) }),
    ...absentEnds,
  ]),
})

/** What a relay gives for one host: the head, and every leaf that the host leads to with its way to the root. */
export const bundleSchema = v.object({ head: v.string(), leaves: v.array(leafSchema) })

type BundleLeaf = v.InferOutput<typeof leafSchema>

/** The same, once its head has been read. */
export interface Bundle {
  readonly head: Head
  readonly leaves: readonly BundleLeaf[]
}

/** As it is sent. */
export function encodeBundle({ head, leaves }: Bundle): v.InferOutput<typeof bundleSchema> {
  return { head: head.text, leaves: [...leaves] }
}

/** Collects what a host needs, with the proofs. @throws RegistryError when a record on the way cannot be read */
export function buildBundle(
  host: string,
  head: Head,
  tree: HashTree,
  recordsOf: (owner: string) => readonly StoredRecord[],
): Bundle {
  const leaves: BundleLeaf[] = []
  walkHost(host, (owner) => {
    const records = recordsOf(owner)
    leaves.push(bundleLeaf(tree.prove(owner), records))
    return records
  })
  return { head, leaves }
}

function bundleLeaf({ owner, siblings, end }: Proof, records: readonly StoredRecord[]): BundleLeaf {
  if (end.type !== 'present') return { owner, siblings, end }
  const texts = records.map(({ kind, key, text }): [string, string, string] => [kind, key, text])
  return { owner, siblings, end: { type: 'present', records: texts } }
}

/**
 * Takes a bundle of anybody's making apart: which leaves there must be follows from the host and from what is proven
 * on the way, never from what was sent.
 * @returns the records of the host
 * @throws RegistryError that names what is missing or does not fit
 */
export function openBundle({ head, leaves }: Bundle, host: string): StoredRecord[] {
  const unseen = new Map(leaves.map((leaf) => [leaf.owner, leaf]))
  const fail = (what: string): RegistryError =>
    new RegistryError('invalid', `Cannot use the bundle of host "${host}": ${what}`)
  const records = walkHost(host, (owner) => {
    const leaf = unseen.get(owner)
    if (leaf === undefined) throw fail(`${owner} is neither there nor proven absent`)
    unseen.delete(owner)
    const held = recordsIn(leaf)
    if (!verifyProof(proofOf(leaf, held), head.root)) {
      throw fail(`${owner} does not fit the head at ${formatPosition(head.position)}`)
    }
    const stray = held.find(({ kind, key }) => ownerOf(kind, key) !== owner)
    if (stray !== undefined)
      throw fail(`${printable(`${stray.kind} ${stray.key}`)} does not belong to ${owner}`)
    return held
  })
  const [extra] = unseen.keys()
  if (extra !== undefined) throw fail(`nothing leads to ${printable(extra)}`)
  return records
}

function recordsIn({ end }: BundleLeaf): StoredRecord[] {
  return end.type === 'present' ? end.records.map(([kind, key, text]) => ({ kind, key, text })) : []
}

function proofOf({ owner, siblings, end }: BundleLeaf, records: readonly StoredRecord[]): Proof {
  if (end.type !== 'present') return { owner, siblings, end }
  const digests = records.map(({ kind, key, text }): [string, string] => [
    recordId(kind, key),
    digestOf(text),
  ])
  return { owner, siblings, end: { type: 'present', records: sortDigests(digests) } }
}

/** Visits the leaves that a host leads to: its route (exact, else the longest wildcard), services, policies, credentials, nodes. */
function walkHost(host: string, leafOf: (owner: string) => readonly StoredRecord[]): StoredRecord[] {
  const records: StoredRecord[] = []
  const visit = (owners: Iterable<string>): PosternRecord[] =>
    [...owners].flatMap((owner) => {
      const found = leafOf(owner)
      for (const record of found) records.push(record)
      return found.map(read)
    })
  const services = visit(servicesOf(findRoute(host, visit)))
  const policies = services.flatMap((record) =>
    record.kind === 'endpoints' ? record.value.endpoints.map((endpoint) => endpoint.policy) : [],
  )
  const isToNodes = services.some(
    (record) => record.kind === 'service' && record.value.target.type === 'node',
  )
  visit(new Set(policies.flatMap((key) => (key === undefined ? [] : [ownerOf('policy', key)]))))
  const credentials = services.flatMap((record) =>
    record.kind === 'service' ? credentialsOf(record.value) : [],
  )
  visit(new Set(credentials.map((key) => ownerOf('credential', key))))
  if (isToNodes) visit([ownerOf('node', '')])
  return records
}

/** As the host index finds it: the first pattern that has a route owns all of the host. */
function findRoute(
  host: string,
  visit: (owners: Iterable<string>) => PosternRecord[],
): PosternRecord | undefined {
  for (const pattern of patternsOf(host)) {
    const route = visit([ownerOf('route', pattern)]).find(({ kind }) => kind === 'route')
    if (route !== undefined) return route
  }
  return undefined
}

function servicesOf(route: PosternRecord | undefined): Set<string> {
  const rules = route?.kind === 'route' ? route.value.rules : []
  return new Set(
    rules.flatMap(({ action }) => (action.type === 'forward' ? [ownerOf('service', action.service)] : [])),
  )
}

function read({ kind, key, text }: StoredRecord): PosternRecord {
  const parsed = parseRecord(kind, key, text)
  if (parsed.ok) return parsed.record
  throw new RegistryError('invalid', `Cannot read record: ${parsed.reason}`)
}
