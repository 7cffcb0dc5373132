import { acmeFlags } from './acme-flags.ts'
import { compileFlags } from './compile-flags.ts'
import type { Flag } from './flag.ts'
import { processFlags } from './process-flags.ts'
import { registryFlags } from './registry-flags.ts'
import { roadFlags } from './road-flags.ts'
import { rolesFlags } from './roles-flags.ts'
import { tlsFlags } from './tls-flags.ts'

/** Every flag; which command takes which is commands.ts's. */
export const flags = {
  ...processFlags,
  ...compileFlags,
  ...roadFlags,
  ...registryFlags,
  ...acmeFlags,
  ...rolesFlags,
  ...tlsFlags,
} as const

export type Flags = typeof flags
export type FlagId = keyof Flags
export type FlagValue<K extends FlagId> = Flags[K] extends Flag<infer T> ? T : never

export const MANIFESTS = {
  name: '--manifests',
  metavar: 'DIR|FILE|-',
  env: 'POSTERN_MANIFESTS',
  description: 'Kubernetes manifests to read, followed when they change; repeatable',
} as const
