const DAY_MS = 86_400_000

/** Most times that are written are of the same second as the last one. */
let lastSecond = Number.NaN
let lastText = ''

/** Milliseconds since the epoch as `2026-01-31T12:00:00.000Z`, without the banned `Date`. */
export function formatIsoTime(epochMs: number): string {
  const ms = Math.floor(epochMs)
  const second = Math.floor(ms / 1000)
  if (second !== lastSecond) {
    lastText = formatSecond(second * 1000)
    lastSecond = second
  }
  return `${lastText}.${pad(ms - second * 1000, 3)}Z`
}

function formatSecond(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  const rest = ms - days * DAY_MS
  const clock = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map((part) =>
    pad(Math.floor(part), 2),
  )
  return `${formatDay(days)}T${clock.join(':')}`
}

/** Howard Hinnant's civil_from_days: years begin in March, so that a leap day ends one. */
function formatDay(daysSinceEpoch: number): string {
  const days = daysSinceEpoch + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
