import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashText } from '../../src/balance/rendezvous.ts'
import { byShare } from '../../src/balance/shares.ts'
import { planAcross } from '../../src/gateway/plan-across.ts'
import type { Random } from '../../src/model/clock.ts'
import { clusterOf, type SiteFacts, site } from '../support/clusters.ts'
import { seededRandom } from '../support/seeded-random.ts'

const never: Random = () => {
  throw new Error('nothing is drawn for who stays')
}

const sharers = (weights: readonly number[]) =>
  weights.map((weight, index) => ({ name: `c${index}`, weight, hash: hashText(`c${index}`) }))

/** Five standard deviations of a share of `draws`: one run in millions is beyond, and the seed makes all runs one. */
const bound = (share: number, draws: number) => 5 * Math.sqrt((share * (1 - share)) / draws)

test.each([[[1, 1]], [[3, 1]], [[1, 2, 5]], [[1, 0, 1]], [[0, 1]], [[1_000_000, 1]]])(
  'requests are shared as %j',
  (weights) => {
    const draws = 20_000
    const random = seededRandom(7)
    const all = sharers(weights)
    const counts = new Map<string, number>()
    for (let i = 0; i < draws; i++) {
      const name = byShare(all, undefined, random)[0]?.name ?? ''
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const sum = weights.reduce((a, b) => a + b)
    for (const { name, weight } of all) {
      const share = weight / sum
      expect(Math.abs((counts.get(name) ?? 0) / draws - share)).toBeLessThanOrEqual(bound(share, draws))
    }
  },
)

test('clients that stay are shared alike', () => {
  const all = sharers([3, 1])
  const clients = Array.from({ length: 20_000 }, (_, i) => hashText(`198.51.${i >> 8}.${i & 255}`))
  const first = clients.filter((client) => byShare(all, client, never)[0]?.name === 'c0').length
  expect(Math.abs(first / clients.length - 0.75)).toBeLessThan(bound(0.75, clients.length))
})

test('a client stays, and when a cluster goes only its own clients move', () => {
  fc.assert(
    fc.property(
      fc.ipV4(),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 6 }),
      fc.nat(),
      (address, weights, nat) => {
        const all = sharers(weights)
        const client = hashText(address)
        const [first, second] = byShare(all, client, never)
        expect(byShare(all, client, never)[0]).toBe(first)
        const gone = all[nat % all.length]
        const [after] = byShare(
          all.filter((each) => each !== gone),
          client,
          never,
        )
        expect(after).toBe(gone === first ? second : first)
      },
    ),
  )
})

test('those of weight 0 come last, in the order given', () => {
  const random = seededRandom(3)
  for (let i = 0; i < 50; i++) {
    const names = byShare(sharers([0, 1, 0, 1, 0]), undefined, random).map(({ name }) => name)
    expect(names.slice(2)).toEqual(['c0', 'c2', 'c4'])
  }
})

const STRANGERS_ONLY = '198.51.100.0/24'
const sites = {
  unknown: (pod: string): SiteFacts => ({ host: 'other.example.com', pods: [pod] }),
  refuses: (pod: string): SiteFacts => ({ pods: [pod], admits: STRANGERS_ONLY }),
  empty: (): SiteFacts => ({}),
  serves: (pod: string): SiteFacts => ({ pods: [pod] }),
} as const
type Kind = keyof typeof sites

const cluster = fc.record({
  kind: fc.constantFrom<Kind>('unknown', 'refuses', 'empty', 'serves'),
  namespace: fc.constantFrom('shop', 'evil'),
  weight: fc.integer({ min: 0, max: 2 }),
  sticks: fc.boolean(),
})

test('whatever the clusters hold: the first that knows a host decides, and nobody else takes it', () => {
  fc.assert(
    fc.property(fc.array(cluster, { minLength: 2, maxLength: 4 }), fc.integer(), (facts, seed) => {
      const clusters = facts.map(({ kind, namespace, weight, sticks }, index) => {
        const spec = sticks ? { sessionAffinity: 'ClientIP' } : {}
        const yaml = site({ ...sites[kind](`10.${index}.0.1`), namespace, spec })
        return clusterOf(`c${index}`, { weight, yaml })
      })
      const head = { method: 'GET', target: '/', hosts: ['shop.example.com'], field: () => undefined }
      const plan = planAcross(
        head,
        { address: '203.0.113.9', isTrusted: false, scheme: 'http' },
        {
          clusters,
          options: { trustedProxies: [], networkPolicy: 'enforce' },
          random: seededRandom(seed),
        },
      )
      const owner = facts.find(({ kind }) => kind !== 'unknown')
      const heirs = facts.filter(
        ({ kind, namespace }) => kind !== 'unknown' && namespace === owner?.namespace,
      )
      if (owner === undefined) expect(plan).toMatchObject({ error: 'host-unknown' })
      else if (owner.kind === 'refuses') expect(plan).toMatchObject({ error: 'client-refused' })
      else if (owner.kind === 'serves') expect(plan).toMatchObject({ type: 'forward' })
      else if (heirs.every(({ kind }) => kind === 'empty'))
        expect(plan).toMatchObject({ error: 'endpoints-none' })
      else if (heirs.every(({ kind }) => kind !== 'refuses')) expect(plan).toMatchObject({ type: 'forward' })
      if (plan?.type === 'forward') {
        const served = facts[clusters.findIndex(({ name }) => name === plan.passage.cluster)]
        expect(served).toMatchObject({ kind: 'serves', namespace: owner?.namespace })
      }
    }),
  )
})
