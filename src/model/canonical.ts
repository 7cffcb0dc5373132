/**
 * JSON with sorted object keys and no white space, so that equal values are equal bytes and a diff is a comparison
 * of digests. Members that are `undefined` are left out, as `JSON.stringify` does. For plain data only.
 */
export function encodeCanonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  if (Array.isArray(value)) return `[${value.map(encodeCanonical).join(',')}]`
  const members: string[] = []
  for (const [key, member] of Object.entries(value).sort(byKey)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${encodeCanonical(member)}`)
  }
  return `{${members.join(',')}}`
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
