import { type CommandName, commands } from './commands.ts'
import type { Flag } from './flag.ts'
import { type FlagValue, flags } from './flags.ts'
import type { Input } from './inputs.ts'

/** The values of a command's flags. */
export type ValuesOf<C extends CommandName> = {
  readonly [K in (typeof commands)[C]['flags'][number]]: FlagValue<K>
}

/** Reads all of them; where one is faulty its default stands in. */
export function readFlags<C extends CommandName>(name: C, input: Input): ValuesOf<C> {
  const values = commands[name].flags.map((id) => [id, readFlag<unknown>(flags[id], input)])
  // Each id with the value that its own flag parsed, which TypeScript cannot follow through the entries.
  return Object.fromEntries(values) as ValuesOf<C>
}

/** The flag, else its variable, else its default; a fault is noted and the default stands in. */
function readFlag<T>(flag: Flag<T>, { given, env, faults }: Input): T {
  const option = given[attributeOf(flag.name)]
  const typed = Array.isArray(option) ? option.join() : option
  if (typed === true && !flag.isSwitch) {
    faults.push(`${flag.name} needs a value: ${flag.metavar}`)
    return flag.fallback
  }
  const variable = flag.env.find((name) => env[name] !== undefined && env[name] !== '')
  const text =
    typed === true
      ? 'true'
      : typeof typed === 'string'
        ? typed
        : variable === undefined
          ? undefined
          : env[variable]
  if (text === undefined) return flag.fallback
  const parsed = flag.parse(text)
  if (parsed.ok) return parsed.value
  const source = typeof typed === 'string' ? flag.name : variable
  faults.push(`Cannot read ${source}: ${flag.isSecret ? 'it' : `"${text}"`} is wrong: ${parsed.reason}`)
  return flag.fallback
}

function attributeOf(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())
}
