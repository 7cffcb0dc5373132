import { identifyClient, identifyPeer } from '../../src/identity/identify.ts'
import { type Cidr, parseCidr, parseIp } from '../../src/model/address.ts'
import type { PolicyRecord } from '../../src/model/policy-record.ts'
import { NetworkPolicySet } from '../../src/policy/network-policy.ts'
import { readSources } from '../../src/policy/sources.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { BenchArguments } from './arguments.ts'
import { type Check, CLIENTS, check } from './policy/check.ts'
import { coldChecks } from './policy/cold.ts'
import { proofChecks } from './policy/proofs.ts'
import { type BenchReport, type BenchRow, median, roundTo } from './report.ts'

const RULES = [0, 10, 10_000]
const PORT = 8080

/** Measures the CPU time of each check on who may come in, by how many rules it has. In one process. */
export async function benchPolicy(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  const checks = (await Promise.all(RULES.map(checksOf))).flat()
  const taken = new Map(checks.map((check) => [check, [] as number[]]))
  for (let round = 0; round <= options.rounds; round++) {
    for (const check of checks) {
      signal.throwIfAborted()
      const micros = timeCheck(check, (options.seconds * 1_000) / checks.length)
      // The first round is the compiler's.
      if (round > 0) taken.get(check)?.push(micros)
    }
  }
  const rows = checks.map((check): BenchRow => {
    const micros = taken.get(check) ?? []
    return {
      case: check.name,
      subject: `${check.rules} rules`,
      cpuMicros: roundTo(median(micros), 3),
      worstCpuMicros: roundTo(Math.max(...micros), 3),
      madeCpuMillis: roundTo(check.madeMillis, 2),
      firstCpuMillis: roundTo(check.firstMillis, 2),
    }
  })
  return { bench: 'policy', rows: [...rows, ...(await benchCold(options, signal))] }
}

/** What takes long, so often and no oftener. */
async function benchCold({ rounds }: BenchArguments, signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const { name, times, ask } of await coldChecks(rounds)) {
    const taken: number[] = []
    for (let round = 0; round <= rounds; round++) {
      signal.throwIfAborted()
      const before = process.cpuUsage()
      for (let time = 0; time < times; time++) {
        if (!(await ask(round * times + time)))
          throw new Error(`Cannot measure ${name}: it says something else`)
      }
      const { user, system } = process.cpuUsage(before)
      if (round > 0) taken.push((user + system) / times)
    }
    const [cpuMicros, worstCpuMicros] = [median(taken), Math.max(...taken)].map((micros) =>
      roundTo(micros, 1),
    )
    rows.push({
      case: name,
      subject: 'new',
      cpuMicros: cpuMicros ?? null,
      worstCpuMicros: worstCpuMicros ?? null,
    })
  }
  return rows
}

function timeCheck({ ask }: Check, millis: number): number {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  let asked = 0
  let admitted = 0
  while (performance.now() - startedAt < millis) {
    for (let client = 0; client < CLIENTS; client++) if (ask(client)) admitted++
    asked += CLIENTS
  }
  const { user, system } = process.cpuUsage(before)
  if (admitted > asked) throw new Error('More clients were admitted than asked')
  return (user + system) / asked
}

async function checksOf(rules: number): Promise<Check[]> {
  const random = seededRandom(rules + 1)
  const cidrs = Array.from({ length: rules }, (_, i) => blockAt(i))
  // Half of them come from a block.
  const texts = Array.from({ length: CLIENTS }, (_, i) => clientAt(Math.floor(random() * 2 * rules), i))
  const clients = texts.map((text) => {
    const address = parseIp(text)
    return address && { address, isMasked: false }
  })
  const blocks = cidrs.map((cidr) => ({ cidr, except: [] }))
  const origin = { policy: 'guests', ingress: 0 }
  const policyOf = (each: PolicyRecord['rules']) => () => {
    const set = new NetworkPolicySet({ policies: ['guests'], rules: each })
    set.prepare(PORT)
    return (i: number) => set.admits(clients[i], PORT)
  }
  const ports = [[PORT, PORT]] as [number, number][]
  return [
    check('source ranges', rules, () => {
      const sources = readSources(cidrs)
      return (i) => sources?.admits(clients[i]) ?? false
    }),
    check('NetworkPolicy, blocks of one rule', rules, policyOf([{ origin, from: blocks }])),
    check(
      'NetworkPolicy, a rule for each',
      rules,
      policyOf(blocks.map((block) => ({ origin, from: [block], ports }))),
    ),
    check('trusted proxies, of a connection', rules, () => {
      const proxies = proxiesOf(cidrs)
      return (i) => identifyPeer(texts[i] ?? '', proxies).isTrusted
    }),
    check('X-Forwarded-For of a trusted proxy', rules, () => {
      const proxies = proxiesOf(cidrs)
      return (i) => isForwarded(texts[i], proxies)
    }),
    check('address of the client, read', rules, () => (i) => parseIp(texts[i] ?? '') !== undefined),
    ...(await proofChecks(rules, clients, cidrs)),
  ]
}

function proxiesOf(cidrs: readonly string[]): Cidr[] {
  return cidrs.map(parseCidr).filter((cidr) => cidr !== undefined)
}

function isForwarded(text: string | undefined, proxies: readonly Cidr[]): boolean {
  const peer = { address: '192.0.2.1', isTrusted: true, scheme: 'http' } as const
  const field = (name: string) => (name === 'x-forwarded-for' ? text : 'https')
  return identifyClient(peer, { field }, { trustedProxies: proxies }).scheme === 'https'
}

/** Every other one is of IPv6; none touches another. */
function blockAt(index: number): string {
  const [high, low] = [index >> 8, index & 255]
  return index % 2 === 0
    ? `${10 + (high >> 7)}.${(2 * high) & 255}.${low}.0/25`
    : `2001:db8:${high.toString(16)}:${low.toString(16)}::/65`
}

function clientAt(block: number, salt: number): string {
  return blockAt(block).replace(/(0|::)\/\d+$/, (_, end: string) =>
    end === '0' ? `${salt & 127}` : `::${salt.toString(16)}`,
  )
}
