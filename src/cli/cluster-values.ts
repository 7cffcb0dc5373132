import { type Cidr, parseCidr } from '../model/address.ts'
import { parseName, type ValueParse } from './values.ts'

const MAX_WEIGHT = 1_000_000

export interface ClusterWeight {
  readonly name: string
  readonly weight: number
}

/** `west=1,east=0`: clusters in order of preference. Every fault is named. */
export function parseClusters(text: string): ValueParse<readonly ClusterWeight[]> {
  const value: ClusterWeight[] = []
  const faults: string[] = []
  for (const { entry, name, rest } of entriesOf(text)) {
    const weight = Number(rest)
    if (!parseName(name).ok || rest === '') faults.push(`"${entry}" is not NAME=WEIGHT`)
    else if (!/^\d+$/.test(rest) || weight > MAX_WEIGHT) {
      faults.push(`"${rest}" is not a whole number from 0 to ${MAX_WEIGHT}`)
    } else if (value.some((each) => each.name === name)) faults.push(`"${name}" is there twice`)
    else value.push({ name, weight })
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, reason: faults.join('; ') }
}

/** `west=10.1.0.0/16,west=fd00:1::/48`: blocks by cluster. Every fault is named. */
export function parseClusterCidrs(text: string): ValueParse<ReadonlyMap<string, readonly Cidr[]>> {
  const value = new Map<string, Cidr[]>()
  const faults: string[] = []
  for (const { entry, name, rest } of entriesOf(text)) {
    const cidr = parseCidr(rest)
    if (!parseName(name).ok) faults.push(`"${entry}" is not NAME=CIDR`)
    else if (cidr === undefined) faults.push(`"${rest}" is no CIDR`)
    else value.set(name, [...(value.get(name) ?? []), cidr])
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, reason: faults.join('; ') }
}

function entriesOf(text: string): { readonly entry: string; readonly name: string; readonly rest: string }[] {
  const entries = text.split(',').map((part) => part.trim())
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, name = '', rest = ''] = /^([^=]*)=(.*)$/.exec(entry) ?? []
      return { entry, name: name.trim(), rest: rest.trim() }
    })
}
