import { describe, expect, test } from 'vitest'
import { compare } from './compare.ts'
import { cyclonus } from './cyclonus.ts'

if (cyclonus === undefined) console.warn('Skipped: NetworkPolicies as cyclonus has them: it is not built')

describe.skipIf(cyclonus === undefined)('NetworkPolicies', () => {
  test('decide as cyclonus has them decide', () => {
    const { compared, admitted, differences } = compare(cyclonus ?? '', 8, 40)
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(500)
    expect(admitted).toBeGreaterThan(compared / 10)
    expect(admitted).toBeLessThan(compared)
  })
})
