import { parseSecret, type Secret } from './secret-values.ts'
import { parseBoolean, type ValueParse } from './values.ts'

/** One flag, mirrored by a variable. */
export interface Flag<T> {
  /** `--trace-ratio` */
  readonly name: string
  readonly metavar: string
  /** Variables that stand in for the flag, the first one set wins. */
  readonly env: readonly string[]
  /** The default as text, '' where there is none. */
  readonly otherwise: string
  readonly fallback: T
  readonly description: string
  /** Its value is never repeated, not even when it is wrong. */
  readonly isSecret: boolean
  /** It may be given several times: the values are read as one list. */
  readonly isRepeatable: boolean
  /** Without a value it says true. */
  readonly isSwitch: boolean
  parse(text: string): ValueParse<T>
}

/** A flag with a default. @throws Error when that cannot be read */
export function flag<T>(
  name: string,
  metavar: string,
  otherwise: string,
  description: string,
  parse: (text: string) => ValueParse<T>,
): Flag<T> {
  const env = [`POSTERN_${name.toUpperCase().replaceAll('-', '_')}`]
  const parsed = parse(otherwise)
  if (!parsed.ok) throw new Error(`Cannot read the default of --${name}: "${otherwise}": ${parsed.reason}`)
  return {
    name: `--${name}`,
    metavar,
    env,
    otherwise,
    fallback: parsed.value,
    description,
    isSecret: false,
    isRepeatable: false,
    isSwitch: false,
    parse,
  }
}

/** A flag that is off unless it is there. */
export function switchFlag(name: string, description: string): Flag<boolean> {
  return { ...flag(name, 'true|false', 'false', description, parseBoolean), isSwitch: true }
}

/** A flag without a default. */
export function optionalFlag<T>(
  name: string,
  metavar: string,
  env: readonly string[],
  description: string,
  parse: (text: string) => ValueParse<T>,
): Flag<T | undefined> {
  return {
    name: `--${name}`,
    metavar,
    env,
    otherwise: '',
    fallback: undefined,
    description,
    isSecret: false,
    isRepeatable: false,
    isSwitch: false,
    parse,
  }
}

/** A flag whose value is seen by nobody else when it comes by a variable or a file. */
export function secretFlag(name: string, metavar: string, description: string): Flag<Secret | undefined> {
  const env = [`POSTERN_${name.toUpperCase().replaceAll('-', '_')}`]
  return { ...optionalFlag(name, metavar, env, description, parseSecret), isSecret: true }
}
