import * as v from 'valibot'
import { readChunks } from './body.ts'
import type { Collection } from './kinds.ts'
import { ListSplitter } from './list-splitter.ts'
import { issueOf, itemSchema, pageSchema, parseJson, type RawObject } from './wire.ts'

export interface Page {
  readonly resourceVersion: string
  /** Token for the next page; '' on the last one. */
  readonly next: string
}

/**
 * Reads a page object by object, as its bytes come: the whole of one, as text and as JSON, would take twenty megabytes.
 * @param onItem given each object as it is read
 * @throws Error when it is no page; some objects may have been given by then
 */
export async function readPage(
  kind: Collection,
  body: AsyncIterable<Uint8Array>,
  onItem: (object: RawObject) => void,
): Promise<Page> {
  const schema = itemSchema(kind)
  const splitter = new ListSplitter((text, index) => {
    const item = v.safeParse(schema, parseJson(text, kind))
    if (!item.success) {
      throw new Error(`the answer is no ${kind.kind}List: items.${index}.${issueOf(item)}`)
    }
    onItem(item.output)
  })
  for await (const chunk of readChunks(body)) splitter.push(chunk)
  const rest = parseJson(splitter.end(), kind)
  const page = v.safeParse(pageSchema(kind, splitter.count), rest)
  if (!page.success) throw new Error(`the answer is no ${kind.kind}List: ${issueOf(page)}`)
  const { metadata } = page.output
  return { resourceVersion: metadata.resourceVersion, next: metadata.continue }
}
