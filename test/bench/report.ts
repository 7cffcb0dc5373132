import Table from 'cli-table3'

/** One line of a report. Every figure carries its unit in its name; null when it could not be measured. */
export interface BenchRow {
  readonly case: string
  readonly subject: string
  readonly [figure: string]: string | number | null
}

export interface BenchReport {
  readonly bench: string
  readonly rows: readonly BenchRow[]
}

/** Exactly one JSON object on one line. */
export function renderJson(report: BenchReport): string {
  return JSON.stringify({ bench: report.bench, rows: report.rows })
}

/** A table for people: a column for each figure that any row has. */
export function renderTable(report: BenchReport): string {
  const columns = [...new Set(report.rows.flatMap((row) => Object.keys(row)))]
  const table = new Table({
    head: columns,
    style: { head: [], border: [], compact: true },
    colAligns: columns.map((name) => (name === 'case' || name === 'subject' ? 'left' : 'right')),
  })
  for (const row of report.rows) table.push(columns.map((name) => cell(row[name])))
  return table.toString()
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '-'
  return String(value)
}

/** The median of the values; NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return (low + high) / 2
}

/** The least value that this share of the values does not exceed; NaN when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(values.length * share))
  return values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN
}

/** Rounds a figure to so many decimals, so that no row claims more than was measured. */
export function roundTo(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
