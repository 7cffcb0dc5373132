const DURATION = /^(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?(?:(\d{1,5})ms)?$/
const DAY_MS = 86_400_000

/**
 * A Gateway API duration (GEP-2257): `30s`, `1m30s`, `500ms`, `0s`.
 * @returns milliseconds, or undefined when the text is no such duration or is longer than a day.
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text)
  if (text === '' || match === null) return undefined
  const [hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0))
  const total = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
  return total <= DAY_MS ? total : undefined
}
