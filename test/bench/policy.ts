import { identifyClient, identifyPeer } from '../../src/identity/identify.ts'
import { type Cidr, type ParsedAddress, parseCidr, parseIp } from '../../src/model/address.ts'
import { NetworkPolicySet } from '../../src/policy/network-policy.ts'
import { readSources } from '../../src/policy/sources.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { BenchArguments } from './arguments.ts'
import { type BenchReport, type BenchRow, median, roundTo } from './report.ts'

const RULES = [0, 10, 10_000]
const CLIENTS = 4_096
const PORT = 8080

/** One check, ready to be asked. The answers are counted, so that none is left out as useless. */
interface Check {
  readonly name: string
  readonly rules: number
  /** What the first question took, which makes what the others ask. */
  readonly firstMillis: number
  readonly ask: (client: number) => boolean
}

/** Measures the CPU time of each check on who may come in, by how many rules it has. In one process. */
export async function benchPolicy(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  const checks = RULES.flatMap(checksOf)
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
      firstCpuMillis: roundTo(check.firstMillis, 2),
    }
  })
  return { bench: 'policy', rows }
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

function checksOf(rules: number): Check[] {
  const random = seededRandom(rules + 1)
  const cidrs = Array.from({ length: rules }, (_, i) => blockAt(i))
  // Half of them come from a block.
  const texts = Array.from({ length: CLIENTS }, (_, i) => clientAt(Math.floor(random() * 2 * rules), i))
  const clients = texts.map((text) => {
    const address = parseIp(text)
    return address && { address, isMasked: false }
  })
  const sources = readSources(cidrs)
  const blocks = cidrs.map((cidr) => ({ cidr, except: [] }))
  const origin = { policy: 'guests', ingress: 0 }
  const oneRule = new NetworkPolicySet({ policies: ['guests'], rules: [{ origin, from: blocks }] })
  const manyRules = new NetworkPolicySet({
    policies: ['guests'],
    rules: blocks.map((block) => ({ origin, from: [block], ports: [[PORT, PORT]] as [number, number][] })),
  })
  const proxies = cidrs.map(parseCidr).filter((cidr) => cidr !== undefined)
  return [
    check('source ranges', rules, (i) => sources?.admits(clients[i]) ?? false),
    check('NetworkPolicy, blocks of one rule', rules, (i) => oneRule.admits(clients[i], PORT)),
    check('NetworkPolicy, a rule for each', rules, (i) => manyRules.admits(clients[i], PORT)),
    check('trusted proxies, of a connection', rules, (i) => isProxy(texts[i], proxies)),
    check('X-Forwarded-For of a trusted proxy', rules, (i) => isForwarded(texts[i], proxies)),
    check('address of the client, read', rules, (i) => isRead(parseIp(texts[i] ?? ''))),
  ]
}

function check(name: string, rules: number, ask: Check['ask']): Check {
  const before = process.cpuUsage()
  ask(0)
  const { user, system } = process.cpuUsage(before)
  return { name, rules, firstMillis: (user + system) / 1_000, ask }
}

function isProxy(text: string | undefined, proxies: readonly Cidr[]): boolean {
  return identifyPeer(text ?? '', proxies).isTrusted
}

function isForwarded(text: string | undefined, proxies: readonly Cidr[]): boolean {
  const peer = { address: '192.0.2.1', isTrusted: true, scheme: 'http' } as const
  const field = (name: string) => (name === 'x-forwarded-for' ? text : 'https')
  return identifyClient(peer, { field }, { trustedProxies: proxies }).scheme === 'https'
}

function isRead(address: ParsedAddress | undefined): boolean {
  return address !== undefined
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
