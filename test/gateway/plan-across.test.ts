import { expect, test } from 'vitest'
import { planAcross } from '../../src/gateway/plan-across.ts'
import type { Plan, Step } from '../../src/gateway/road.ts'
import type { ServedCluster } from '../../src/gateway/served-cluster.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { Random } from '../../src/model/clock.ts'
import { clusterOf, type SiteFacts, site } from '../support/clusters.ts'
import { seededRandom } from '../support/seeded-random.ts'

const CLIENT = '203.0.113.9'
const STRANGERS_ONLY = '198.51.100.0/24'
const [OWN_POD, WEST_POD, EAST_POD] = ['10.0.0.1', '10.1.0.1', '10.2.0.1']

interface Asked {
  readonly clusters: readonly ServedCluster[]
  readonly host?: string
  readonly path?: string
  readonly from?: string
  readonly authorization?: string
  readonly random?: Random
  readonly note?: (step: Step) => void
}

const never: Random = () => {
  throw new Error('nothing is drawn here')
}

function decide({
  clusters,
  host = 'shop.example.com',
  path = '/',
  from = CLIENT,
  authorization,
  ...more
}: Asked) {
  const head = {
    method: 'GET',
    target: path,
    hosts: [host],
    field: (name: string) => (name === 'authorization' ? authorization : undefined),
  }
  const road = {
    clusters,
    options: { trustedProxies: [], networkPolicy: 'enforce' as const },
    random: more.random ?? (() => 0.5),
  }
  return planAcross(head, { address: from, isTrusted: false, scheme: 'http' }, road, more.note)
}

/** Where a request goes, or what it is answered. */
function outcome(plan: Plan | undefined): string {
  if (plan === undefined) return 'nothing'
  if (plan.type === 'forward')
    return `${plan.passage.cluster} ${plan.candidates.map(({ address }) => address)}`
  return plan.type === 'reply' ? plan.error : `waits for the ${plan.for.type}`
}

const own = (facts: SiteFacts, weight = 1) => clusterOf('own', { weight, yaml: site(facts) })
const west = (facts: SiteFacts = { pods: [WEST_POD] }, weight = 0) =>
  clusterOf('west', { weight, yaml: site(facts) })
const east = (facts: SiteFacts = { pods: [EAST_POD] }, weight = 0) =>
  clusterOf('east', { weight, yaml: site(facts) })
const unloaded = (name: string) => clusterOf(name, { yaml: undefined })

test('the own cluster serves what it can, and the others are not even asked', () => {
  const steps: Step[] = []
  const plan = decide({ clusters: [own({ pods: [OWN_POD] }), west()], note: (step) => steps.push(step) })
  expect(outcome(plan)).toBe(`own ${OWN_POD}`)
  expect(steps.filter(({ step }) => step === 'cluster')).toEqual([
    { step: 'cluster', cluster: 'own', isLoaded: true },
  ])
})

test('a host that the own cluster does not know is served by the first that does', () => {
  const elsewhere = own({ host: 'other.example.com', pods: [OWN_POD] })
  expect(outcome(decide({ clusters: [elsewhere, west(), east()] }))).toBe(`west ${WEST_POD}`)
  expect(outcome(decide({ clusters: [elsewhere, elsewhere, east()] }))).toBe(`east ${EAST_POD}`)
  expect(outcome(decide({ clusters: [elsewhere, elsewhere] }))).toBe('host-unknown')
})

test('another cluster stands in while the own one has no endpoints, in the order given', () => {
  const empty = own({})
  expect(outcome(decide({ clusters: [empty, west(), east()] }))).toBe(`west ${WEST_POD}`)
  expect(outcome(decide({ clusters: [empty, west({}), east()] }))).toBe(`east ${EAST_POD}`)
  expect(outcome(decide({ clusters: [empty, west({}), east({})] }))).toBe('endpoints-none')
})

test.each<[string, SiteFacts, string, string]>([
  ['a NetworkPolicy', { pods: [OWN_POD], admits: STRANGERS_ONLY }, '/', 'client-refused'],
  [
    'source ranges',
    { pods: [OWN_POD], spec: { type: 'LoadBalancer', loadBalancerSourceRanges: [STRANGERS_ONLY] } },
    '/',
    'client-refused',
  ],
  [
    'source ranges, without an endpoint',
    { spec: { loadBalancerSourceRanges: [STRANGERS_ONLY] } },
    '/',
    'client-refused',
  ],
  [
    'a token that is missing',
    {
      pods: [OWN_POD],
      annotations: { 'postern.dev/jwt-issuer': 'https://a.test', 'postern.dev/jwt-audience': 'a' },
    },
    '/',
    'token-missing',
  ],
  [
    'a token that is missing, without an endpoint',
    { annotations: { 'postern.dev/jwt-issuer': 'https://a.test', 'postern.dev/jwt-audience': 'a' } },
    '/',
    'token-missing',
  ],
  [
    'a rule that is closed',
    { pods: [OWN_POD], annotations: { 'postern.dev/port': '9' } },
    '/',
    'rule-unavailable',
  ],
  [
    'no rule for the path',
    { pods: [OWN_POD], annotations: { 'postern.dev/path': '/shop' } },
    '/',
    'path-unknown',
  ],
])('what the owner of a host refuses by %s is not had from another cluster', (_what, facts, path, error) => {
  for (const weight of [0, 1_000]) {
    expect(
      outcome(decide({ clusters: [own(facts), west(undefined, weight)], path, random: seededRandom(1) })),
    ).toBe(error)
  }
})

test('what the owner tells of a client no client sends elsewhere, where the Service asks for no token', () => {
  const annotations = {
    'postern.dev/jwt-issuer': 'https://a.test',
    'postern.dev/jwt-audience': 'a',
    'postern.dev/jwt-claim-headers': 'sub=X-User-Id',
  }
  const guarded = (pods: readonly string[]): ServedCluster => {
    const cluster = own({ pods, annotations }, 0)
    const verdict = { type: 'admitted', fields: ['X-User-Id', 'alice'], subject: undefined } as const
    return { ...cluster, present: { ...cluster.present, tokenVerdict: () => verdict } }
  }
  const ask = (...clusters: readonly ServedCluster[]) => {
    const plan = decide({ clusters, authorization: 'Bearer a.b.c' })
    return { to: outcome(plan), claims: plan?.type === 'forward' ? plan.claims : undefined }
  }
  const names = new Set(['x-user-id'])
  const shared = ask(guarded([OWN_POD]), west({ pods: [WEST_POD] }, 1_000))
  expect(shared).toEqual({ to: `west ${WEST_POD}`, claims: { fields: ['X-User-Id', 'alice'], names } })
  expect(ask(guarded([]), west())).toEqual({ to: `west ${WEST_POD}`, claims: { fields: [], names } })
})

test('a Service that could not be read keeps its host shut everywhere', () => {
  const shut = own({ pods: [OWN_POD] })
  shut
    .table()
    ?.apply([{ kind: 'service', key: 'shop/web:80', text: encodeCanonical({ from: 'the future' }) }])
  expect(outcome(decide({ clusters: [shut, west()] }))).toBe('endpoints-none')
})

test("a Pod's own name is that Pod's: its namesake in another cluster is another", () => {
  const headless = (pods: readonly string[]): SiteFacts => ({ pods, spec: { clusterIP: 'None' } })
  const random = seededRandom(4)
  const ask = (pod: string, ...clusters: readonly ServedCluster[]) =>
    outcome(decide({ clusters, random, host: `${pod}.web.shop.example.test` }))
  const twin = west(headless([WEST_POD, '10.1.0.2']), 1_000)
  for (let i = 0; i < 20; i++) {
    expect(ask('web-0', own(headless([OWN_POD])), twin)).toBe(`own ${OWN_POD}`)
  }
  expect(ask('web-1', own(headless([OWN_POD])), twin)).toBe('host-unknown')
  expect(ask('web-0', own(headless([])), twin)).toBe('host-unknown')
  expect(ask('web-1', own({ pods: [OWN_POD] }), twin)).toBe('west 10.1.0.2')
})

test('in another cluster only the namespace that owns the host serves it', () => {
  const thief = { namespace: 'evil', pods: [WEST_POD] }
  const steps: Step[] = []
  const note = (step: Step) => steps.push(step)
  expect(outcome(decide({ clusters: [own({}), west(thief), east()], note }))).toBe(`east ${EAST_POD}`)
  expect(steps).toContainEqual({
    step: 'namespace',
    cluster: 'west',
    host: 'shop.example.com',
    namespace: 'evil',
    owner: 'shop',
  })
  // Nor does it get a share, nor can it refuse for the owner.
  const random = seededRandom(2)
  for (let i = 0; i < 100; i++) {
    const clusters = [own({ pods: [OWN_POD] }), west(thief, 1_000)]
    expect(outcome(decide({ clusters, random }))).toBe(`own ${OWN_POD}`)
  }
  const refusing = west({ ...thief, admits: STRANGERS_ONLY })
  expect(outcome(decide({ clusters: [own({}), refusing, east()] }))).toBe(`east ${EAST_POD}`)
})

test('who stands in may refuse, and no third one is a way around that', () => {
  const refusing = west({ pods: [WEST_POD], admits: STRANGERS_ONLY })
  expect(outcome(decide({ clusters: [own({}), refusing, east()] }))).toBe('client-refused')
  expect(outcome(decide({ clusters: [own({}), refusing, east()], from: '198.51.100.7' }))).toBe(
    `west ${WEST_POD}`,
  )
})

test('a cluster that shares a host and refuses the client leaves it to the others', () => {
  const refusing = west({ pods: [WEST_POD], admits: STRANGERS_ONLY }, 1_000)
  expect(outcome(decide({ clusters: [own({ pods: [OWN_POD] }), refusing] }))).toBe(`own ${OWN_POD}`)
})

test('a cluster that has not been loaded keeps nobody from the others, and makes no host unknown', () => {
  expect(outcome(decide({ clusters: [own({ pods: [OWN_POD] }), unloaded('west')] }))).toBe(`own ${OWN_POD}`)
  expect(outcome(decide({ clusters: [own({}), unloaded('west'), east()] }))).toBe(`east ${EAST_POD}`)
  const nobody = decide({ clusters: [own({}), unloaded('west')], host: 'new.example.com' })
  expect(outcome(nobody)).toBe('endpoints-none')
  expect(decide({ clusters: [unloaded('own'), unloaded('west')] })).toBeUndefined()
})

test('a cluster none of whose endpoints can be connected to is not asked while another can serve', () => {
  const lost = own({ pods: [OWN_POD] })
  lost.state.connectFailed(`${OWN_POD}:80`)
  expect(outcome(decide({ clusters: [lost, west()] }))).toBe(`west ${WEST_POD}`)
  expect(outcome(decide({ clusters: [lost, west({})] }))).toBe(`own ${OWN_POD}`)
  // What is known of an address in one cluster says nothing of the same address in another.
  const twin = own({ pods: [WEST_POD] })
  const other = west()
  other.state.connectFailed(`${WEST_POD}:80`)
  expect(outcome(decide({ clusters: [twin, other] }))).toBe(`own ${WEST_POD}`)
})

test('another cluster stands in for one that nobody has confirmed for too long, unless it is as old', () => {
  const stale = (name: string, facts: SiteFacts) => clusterOf(name, { yaml: site(facts), isStale: true })
  const old = stale('own', { pods: [OWN_POD] })
  expect(outcome(decide({ clusters: [old, west()] }))).toBe(`west ${WEST_POD}`)
  expect(outcome(decide({ clusters: [old, stale('west', { pods: [WEST_POD] })] }))).toBe('registry-stale')
  const shut = stale('own', { pods: [OWN_POD], spec: { loadBalancerSourceRanges: [STRANGERS_ONLY] } })
  expect(outcome(decide({ clusters: [shut, west()] }))).toBe('client-refused')
})

test('a name outside a cluster is waited for', () => {
  const named = { spec: { type: 'ExternalName', externalName: 'shop.example.net', ports: [{ port: 80 }] } }
  expect(outcome(decide({ clusters: [own({}), west(named)] }))).toBe('waits for the name')
})

test('one cluster alone is planned on without a draw, and named by nobody', () => {
  const only = own({ pods: [OWN_POD] })
  expect(outcome(decide({ clusters: [only], random: never }))).toBe(`own ${OWN_POD}`)
})
