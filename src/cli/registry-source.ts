import ipaddr from 'ipaddr.js'
import type { Address } from './address-values.ts'
import { type Flags, type FlagValue, flags } from './flags.ts'
import type { Secret } from './secret-values.ts'

/** A Redis, and the files with what its TLS takes. */
export interface RedisSource {
  readonly type: 'redis'
  readonly url: string
  readonly caFile: string | undefined
  /** Both or none. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

/** Where a registry is read. */
export type RegistrySource =
  | RedisSource
  | { readonly type: 'relay' | 'redis-rest'; readonly url: string; readonly token: Secret | undefined }

export type RedisFlagId = 'redis' | 'redisCa' | 'redisCert' | 'redisKey'
export type SourceFlagId = RedisFlagId | 'relayUrl' | 'relayToken' | 'redisRest' | 'redisRestToken'
type ValuesOf<Id extends keyof Flags> = { readonly [K in Id]: FlagValue<K> }
type SourceValues = ValuesOf<SourceFlagId>

/** The values with the registry that they name in place of its flags; undefined, and a fault noted, when they name no one. */
export function takeSource<V extends SourceValues>(
  values: V,
  faults: string[],
): (Omit<V, SourceFlagId> & { readonly registry: RegistrySource }) | undefined {
  const { redis, redisCa, redisCert, redisKey, relayUrl, relayToken, redisRest, redisRestToken, ...others } =
    values
  const registry = readSource(sourceValues(values), faults)
  return registry && { ...others, registry }
}

/** Only the values that name a registry. */
export function sourceValues({
  redis,
  redisCa,
  redisCert,
  redisKey,
  relayUrl,
  relayToken,
  redisRest,
  redisRestToken,
}: SourceValues): SourceValues {
  return { redis, redisCa, redisCert, redisKey, relayUrl, relayToken, redisRest, redisRestToken }
}

/** The same for who writes: only Redis will do. */
export function takeRedis<V extends ValuesOf<RedisFlagId>>(
  values: V,
  faults: string[],
): (Omit<V, RedisFlagId> & { readonly registry: RedisSource }) | undefined {
  const { redis, redisCa, redisCert, redisKey, ...others } = values
  const registry = redisOf({ redis, redisCa, redisCert, redisKey }, faults)
  if (registry === undefined && !isFaulty(['redis'], faults)) {
    const { name, env } = flags.redis
    faults.push(`${name} (or ${env.join(', ')}) is missing: where is the registry?`)
  }
  return registry && { ...others, registry }
}

function redisOf(values: ValuesOf<RedisFlagId>, faults: string[]): RedisSource | undefined {
  const { redis, redisCa, redisCert, redisKey } = values
  const tls = ['redisCa', 'redisCert', 'redisKey'] as const
  for (const id of tls) requireCompany(id, values[id], 'redis', redis, faults)
  requireCompany('redisCert', redisCert, 'redisKey', redisKey, faults)
  requireCompany('redisKey', redisKey, 'redisCert', redisCert, faults)
  if (redis === undefined) return undefined
  const [idle] = tls.filter((id) => values[id] !== undefined)
  // Otherwise somebody who wanted TLS would go without.
  if (idle !== undefined && !redis.startsWith('rediss')) {
    faults.push(`${flags[idle].name} is given, but ${flags.redis.name} is without TLS: rediss has it`)
  }
  return { type: 'redis', url: redis, caFile: redisCa, certFile: redisCert, keyFile: redisKey }
}

function readSource(values: SourceValues, faults: string[]): RegistrySource | undefined {
  const { relayUrl, relayToken, redisRest, redisRestToken } = values
  requireCompany('relayToken', relayToken, 'relayUrl', relayUrl, faults)
  requireCompany('redisRestToken', redisRestToken, 'redisRest', redisRest, faults)
  const redis = redisOf(values, faults)
  const sources: RegistrySource[] = []
  if (redis !== undefined) sources.push(redis)
  if (relayUrl !== undefined) sources.push({ type: 'relay', url: relayUrl, token: relayToken })
  if (redisRest !== undefined) sources.push({ type: 'redis-rest', url: redisRest, token: redisRestToken })
  const names = [flags.redis, flags.relayUrl, flags.redisRest].map(({ name }) => name)
  if (sources.length > 1) faults.push(`Only one of ${names.join(', ')} can be given: which registry is it?`)
  if (sources.length === 0 && !isFaulty(['redis', 'relayUrl', 'redisRest'], faults)) {
    faults.push(`One of ${names.join(', ')} is missing: where is the registry?`)
  }
  return sources.length === 1 ? sources[0] : undefined
}

/** Without a token a relay is for this machine only: a registry tells every address in the cluster. */
export function requireToken(
  listen: Address | undefined,
  flagName: string,
  tokens: Secret | undefined,
  faults: string[],
): void {
  const { name, env } = flags.tokens
  if (listen === undefined || tokens !== undefined || isLoopback(listen.host) || isFaulty(['tokens'], faults))
    return
  faults.push(
    `${name} (or ${env.join(', ')}) is missing: ${flagName} ${listen.host}:${listen.port} is no loopback address`,
  )
}

function requireCompany(
  id: keyof Flags,
  value: unknown,
  other: keyof Flags,
  otherValue: unknown,
  faults: string[],
): void {
  if (value !== undefined && otherValue === undefined && !isFaulty([other], faults))
    faults.push(`${flags[id].name} is given without ${flags[other].name}`)
}

/** Whether something has already been said of the flags. */
export function isFaulty(ids: readonly (keyof Flags)[], faults: readonly string[]): boolean {
  const names = ids.flatMap((id) => [flags[id].name, ...flags[id].env])
  return faults.some((fault) => fault.split(/[\s:,()]+/).some((word) => names.includes(word)))
}

function isLoopback(host: string): boolean {
  return ipaddr.isValid(host) ? ipaddr.process(host).range() === 'loopback' : host === 'localhost'
}
