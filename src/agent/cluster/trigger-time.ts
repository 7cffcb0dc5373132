import * as v from 'valibot'
import type { RawObject } from './wire.ts'

/** What the EndpointSlice controller writes: when a Pod or Service changed so that the slice had to. */
const ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'

const schema = v.object({
  annotations: v.object({ [ANNOTATION]: v.pipe(v.string(), v.isoTimestamp()) }),
})

/** @returns ms since the Unix epoch, in whole seconds; undefined when the object does not say */
export function triggerTime({ metadata }: RawObject): number | undefined {
  const parsed = v.safeParse(schema, metadata)
  return parsed.success ? Date.parse(parsed.output.annotations[ANNOTATION] ?? '') : undefined
}
