import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { expect, test } from 'vitest'

const versions = v.record(v.string(), v.string())
const packageSchema = v.object({ dependencies: versions, devDependencies: versions })
const lockSchema = v.object({
  packages: v.record(
    v.string(),
    v.object({
      resolved: v.optional(v.string()),
      integrity: v.optional(v.string()),
      inBundle: v.optional(v.boolean()),
      link: v.optional(v.boolean()),
    }),
  ),
})

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
}

test('dependencies are pinned to exact versions', () => {
  const { dependencies, devDependencies } = v.parse(packageSchema, read('package.json'))
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version),
  )
  expect(loose).toEqual([])
})

test('the lock has the digest of everything that is installed', () => {
  const { packages } = v.parse(lockSchema, read('package-lock.json'))
  const installed = Object.entries(packages).filter(
    ([path, { inBundle, link }]) => path !== '' && !inBundle && !link,
  )
  expect(installed.length).toBeGreaterThan(100)
  expect(
    installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
  ).toEqual([])
})
