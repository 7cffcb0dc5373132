/** How many clients ask in turn. */
export const CLIENTS = 4_096

/** One check, ready to be asked. The answers are counted, so that none is left out as useless. */
export interface Check {
  readonly name: string
  readonly rules: number
  /** What it took to make it, when a table is made. */
  readonly madeMillis: number
  /** What the first question took. */
  readonly firstMillis: number
  readonly ask: (client: number) => boolean
}

export function check(name: string, rules: number, make: () => Check['ask']): Check {
  const start = cpuMillis()
  const ask = make()
  const made = cpuMillis()
  ask(0)
  return { name, rules, madeMillis: made - start, firstMillis: cpuMillis() - made, ask }
}

function cpuMillis(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** One check of what nobody has seen before: it takes long, and is not asked by the plan. */
export interface ColdCheck {
  readonly name: string
  /** So often in a round. */
  readonly times: number
  readonly ask: (time: number) => Promise<boolean>
}
