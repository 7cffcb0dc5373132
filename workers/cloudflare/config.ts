import * as v from 'valibot'
import { type Cidr, parseCidr } from '../../src/model/address.ts'
import { parseDuration } from '../../src/model/duration.ts'
import type { Curve } from '../../src/registry/keys/key.ts'
import { parsePrivateJwks, parsePublicKeys } from '../../src/registry/keys/key-file.ts'
import { isToken, TOKEN_RULE } from '../../src/registry/token.ts'

const text = v.pipe(v.string(), v.nonEmpty('is empty'))
const secret = v.optional(v.pipe(text, v.check(isToken, TOKEN_RULE)))

const url = v.pipe(
  text,
  v.check((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'not an http:// or https:// URL'),
)

const duration = (standard: string) =>
  v.pipe(
    v.optional(text, standard),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = parseDuration(dataset.value)
      if (value !== undefined) return value
      addIssue({ message: 'not a duration such as 500ms, 30s or 1m30s' })
      return NEVER
    }),
  )

const cidrs = v.pipe(
  v.optional(v.string(), ''),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly Cidr[] => {
    const parts = dataset.value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
    const blocks = parts.map(parseCidr).filter((block) => block !== undefined)
    if (blocks.length === parts.length) return blocks
    addIssue({ message: 'not a list of CIDRs such as 203.0.113.0/24,2001:db8::/32' })
    return NEVER
  }),
)

const ratio = v.pipe(
  v.optional(text, '0.1'),
  v.regex(/^\d*\.?\d+$/, 'not a number from 0 to 1'),
  v.transform(Number),
  v.maxValue(1, 'not a number from 0 to 1'),
)

/** `name=value,…`, as OTEL_EXPORTER_OTLP_HEADERS has it. */
const fields = v.pipe(
  v.optional(v.string(), ''),
  v.rawTransform(({ dataset, addIssue, NEVER }): Readonly<Record<string, string>> => {
    const pairs = dataset.value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
    const read = pairs.map((pair) => /^([\w-]+)=(.+)$/.exec(pair))
    if (read.every((match) => match !== null)) {
      return Object.fromEntries(read.map(([, name = '', value = '']) => [name, value]))
    }
    addIssue({ message: 'not a list of fields such as x-api-key=…,x-team=…' })
    return NEVER
  }),
)

/** Keys of a curve; what is wrong is told, and nothing of what they hold. */
const keys = <K>(parse: (text: string, curve: Curve) => readonly K[], curve: Curve) =>
  v.optional(
    v.pipe(
      text,
      v.rawTransform(({ dataset, addIssue, NEVER }): readonly K[] => {
        try {
          return parse(dataset.value, curve)
        } catch (error) {
          addIssue({ message: error instanceof Error ? error.message : String(error) })
          return NEVER
        }
      }),
    ),
  )

/** Each is a variable of `wrangler.toml` or a secret: see docs/workers.md. */
const variables = v.object({
  RELAY_URL: url,
  RELAY_TOKEN: secret,
  STATUS_TOKEN: secret,
  TRUSTED_KEYS: keys(parsePublicKeys, 'Ed25519'),
  UNSIGNED: v.optional(v.picklist(['on', 'off']), 'off'),
  SEALING_KEYS: keys(parsePrivateJwks, 'X25519'),
  CLUSTER: v.optional(text, 'default'),
  PODS: v.optional(v.picklist(['vpc', 'direct', 'off']), 'vpc'),
  DIAL: v.optional(v.picklist(['fetch', 'socket']), 'fetch'),
  NODE_HOST: v.optional(v.pipe(text, v.regex(/\{node\}/, 'does not hold {node}'))),
  NETWORK_POLICY: v.optional(v.picklist(['enforce', 'report', 'off']), 'enforce'),
  TRUSTED_PROXIES: cidrs,
  TRUSTED_HOPS: v.optional(
    v.pipe(text, v.regex(/^\d{1,2}$/, 'not a whole number from 0 to 99'), v.transform(Number)),
    '0',
  ),
  FORWARDED_HEADER: v.optional(v.picklist(['x-forwarded-for', 'forwarded']), 'x-forwarded-for'),
  JWKS_CIDRS: cidrs,
  JWKS_HTTP: v.optional(v.picklist(['on', 'off']), 'off'),
  AUTH_CIDRS: cidrs,
  AUTH_HTTP: v.optional(v.picklist(['on', 'off']), 'off'),
  RATE_LIMITER_LIMIT: v.optional(
    v.pipe(text, v.regex(/^[1-9]\d{0,8}$/, 'not a whole number from 1 to 999999999'), v.transform(Number)),
    '1000000',
  ),
  RATE_LIMITER_PERIOD: v.optional(v.pipe(v.picklist(['10', '60']), v.transform(Number)), '60'),
  REFRESH: duration('2s'),
  UNKNOWN_FOR: duration('10s'),
  MAX_STALE: duration('1h'),
  FOLLOW: v.optional(v.picklist(['on', 'off']), 'off'),
  OTLP_ENDPOINT: v.optional(url),
  OTLP_HEADERS: fields,
  TRACE_RATIO: ratio,
  ACCESS_LOG: v.optional(v.picklist(['on', 'off']), 'off'),
})

const schema = v.pipe(
  variables,
  v.forward(
    v.partialCheck(
      [['TRUSTED_KEYS'], ['UNSIGNED']],
      ({ TRUSTED_KEYS, UNSIGNED }) => (TRUSTED_KEYS === undefined) === (UNSIGNED === 'on'),
      'needed (postern keys make), or else UNSIGNED = "on", and not both',
    ),
    ['TRUSTED_KEYS'],
  ),
)

export type WorkerConfig = v.InferOutput<typeof schema>

export type ConfigParse =
  | { readonly ok: true; readonly config: WorkerConfig }
  | { readonly ok: false; readonly faults: readonly string[] }

/** Reads a Worker's variables and secrets; every fault is told at once. What is secret is not repeated. */
export function parseConfig(env: unknown): ConfigParse {
  const parsed = v.safeParse(schema, env)
  if (parsed.success) return { ok: true, config: parsed.output }
  const faults = parsed.issues.map(({ message, path }) => {
    return `Cannot read variable ${String(path?.[0]?.key ?? '?')}: ${message}`
  })
  return { ok: false, faults }
}
