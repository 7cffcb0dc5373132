const QUANTITY = /^(\d{1,15})(?:\.(\d{1,3}))?(Ki|Mi|Gi|Ti|k|M|G|T)?$/
const FACTORS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/**
 * A number of bytes as a Kubernetes quantity (apimachinery, resource.Quantity): `10Mi`, `1.5Gi`, `500k`, `4096`.
 * @returns undefined when the text is no such quantity, or no whole number of bytes from 1 to 2^53 - 1
 */
export function parseBytes(text: string): number | undefined {
  const [, whole, fraction = '', unit = ''] = QUANTITY.exec(text) ?? []
  if (whole === undefined) return undefined
  const factor = FACTORS[unit] ?? 1
  const bytes = Number(whole) * factor + (Number(fraction.padEnd(3, '0')) * factor) / 1000
  return Number.isSafeInteger(bytes) && bytes >= 1 ? bytes : undefined
}
