import * as v from 'valibot'
import { leanMeta } from './meta.ts'

// valibot's own messages repeat what they were given, and nothing of a Secret may be repeated.
const noText = 'is no text'
const texts = v.record(v.string(), v.string(noText), 'is no map of texts')
const given = v.nullish(texts, {})

/**
 * core/v1 Secret, stripped to what is used: its annotations may hold all of it once more (kubectl's
 * last-applied-configuration). `stringData` is for writers only; the API server merges it, and so must who reads manifests.
 */
export const secretSchema = v.pipe(
  v.object({
    kind: v.literal('Secret'),
    meta: leanMeta,
    type: v.nullish(v.string(noText), 'Opaque'),
    data: given,
    stringData: given,
  }),
  v.transform(({ stringData, ...secret }) => ({
    ...secret,
    data: { ...secret.data, ...encoded(stringData) },
  })),
)

/** core/v1 ConfigMap, stripped to what is used; what it holds as base64 text, as a Secret does. */
export const configMapSchema = v.pipe(
  v.object({ kind: v.literal('ConfigMap'), meta: leanMeta, data: given, binaryData: given }),
  v.transform(({ kind, meta, data, binaryData }) => ({
    kind,
    meta,
    data: { ...binaryData, ...encoded(data) },
  })),
)

/** `data` is base64, of whatever bytes. */
export type Secret = v.InferOutput<typeof secretSchema>
export type ConfigMap = v.InferOutput<typeof configMapSchema>

function encoded(plain: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(plain).map(([name, text]) => [name, base64Of(text)]))
}

function base64Of(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}
