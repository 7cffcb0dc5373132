import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Rule } from '../../src/model/records.ts'
import { leadsElsewhere, matchRule } from '../../src/route/match.ts'
import { parseTarget } from '../../src/route/target.ts'

const page = readFileSync(new URL('../../docs/paths.md', import.meta.url), 'utf8')

/** The rows of a section as [what comes in, what becomes of it]. */
function rowsOf(section: string): [string, string][] {
  const text = page.split('\n## ').find((part) => part.startsWith(section)) ?? ''
  return [...text.matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`|(400)) \|/gm)].map(
    ([, from = '', to, refused = '']) => [from, to ?? refused],
  )
}

const ruleOn = (value: string): Rule => ({
  path: { type: 'prefix', value },
  action: { type: 'unavailable', problem: 'target-port-unknown' },
  origin: { kind: 'Service', namespace: 'shop', name: 'web' },
})
const rules = [ruleOn('/admin'), ruleOn('/')]

const forms = rowsOf('The path')
const readings = rowsOf('What servers read differently')

test('docs/paths.md has its tables', () => {
  expect(forms.length).toBeGreaterThan(18)
  expect(readings.length).toBeGreaterThan(8)
})

test.each(forms)('docs/paths.md: %s is %s', (target, form) => {
  expect(parseTarget(target, 'GET')?.path ?? '400').toBe(form)
})

test.each(readings)('docs/paths.md: beside /admin, %s gets %s', (target, expected) => {
  const path = parseTarget(target, 'GET')?.path ?? ''
  const rule = matchRule(rules, path)
  const isRefused = rule === undefined || leadsElsewhere(rules, path, rule)
  expect(isRefused ? '400' : rule.path.value).toBe(expected)
})
