import * as fc from 'fast-check'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What people, scripts and attackers put where something else belongs. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    65_536,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 2,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '80',
    '-1',
    '__proto__',
    'constructor',
    'toString',
    '*',
    '*.',
    '/..',
    '10.0.0.0/33',
    '::ffff:127.0.0.1',
    '0x7f.1',
    '\u0000\u001b[2J\r\n',
    '\u202e\ud800',
    'ａ.example.com',
    'a,'.repeat(10_000),
    'x'.repeat(100_000),
    '.'.repeat(300),
    [],
    {},
    [[]],
    { constructor: { prototype: { polluted: true } } },
    JSON.parse('{"__proto__":{"polluted":true},"hasOwnProperty":1}'),
  ),
  fc.constant(null).map(() => nested(500)),
  fc.constant(null).map(() => Array.from({ length: 10_000 }, () => null)),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** An object in which one to four fields are missing, replaced or added. */
export function mutated(whole: Json): fc.Arbitrary<unknown> {
  const steps = fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'replace', 'replace', 'add'), hostile), {
    minLength: 1,
    maxLength: 4,
  })
  return steps.map((all) => {
    const root: unknown = structuredClone(whole)
    for (const [pick, how, value] of all) {
      const places = placesOf(root)
      const place = places[pick % Math.max(1, places.length)]
      if (place === undefined) continue
      const { holder, key } = place
      if (how === 'drop') Reflect.deleteProperty(holder, key)
      // A copy: what is changed next may be inside.
      else define(holder, how === 'add' ? ADDED[pick % ADDED.length] : key, structuredClone(value))
    }
    return root
  })
}

const ADDED = ['__proto__', 'constructor', 'toString', 'length', 'postern.dev/', '', '0'] as const

interface PlaceInJson {
  readonly holder: object
  readonly key: string
}

/** Every member of a tree, not deeper than objects of the API go. */
function placesOf(value: unknown, depth = 0): PlaceInJson[] {
  if (value === null || typeof value !== 'object' || depth > 12) return []
  return Object.entries(value)
    .slice(0, 100)
    .flatMap(([key, member]) => [{ holder: value, key }, ...placesOf(member, depth + 1)])
}

/** As JSON.parse does: `__proto__` becomes a member like any other. */
function define(holder: object, key: string | undefined, value: unknown): void {
  if (key === undefined || (Array.isArray(holder) && key === 'length')) return
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}
