export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * JSON with sorted object keys and no white space, so that equal values are equal bytes and a diff is a comparison
 * of digests. Members that are `undefined` are left out, as `JSON.stringify` does.
 */
export function encodeCanonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(encodeCanonical).join(',')}]`
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${encodeCanonical(member)}`)
  }
  return `{${members.join(',')}}`
}

// Array.isArray does not narrow readonly arrays.
function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
