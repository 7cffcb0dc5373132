import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleWorker, type WorkerBundle } from '../support/workerd.ts'

const MAX_GZIPPED_BYTES = 150_000

const metafileSchema = v.object({
  inputs: v.record(v.string(), v.object({ bytes: v.number() })),
  outputs: v.record(
    v.string(),
    v.object({ imports: v.array(v.object({ path: v.string(), external: v.optional(v.boolean()) })) }),
  ),
})

let bundle: WorkerBundle
beforeAll(() => {
  bundle = bundleWorker()
})
afterAll(() => bundle.remove())

const metafile = () => v.parse(metafileSchema, JSON.parse(readFileSync(bundle.metafile, 'utf8')))

test('the bundle is small', () => {
  expect(gzipSync(readFileSync(bundle.script)).length).toBeLessThanOrEqual(MAX_GZIPPED_BYTES)
})

test('nothing of it is for Node, for Redis or for the Kubernetes API', () => {
  const inputs = Object.keys(metafile().inputs)
  expect(inputs.some((path) => path.endsWith('src/gateway/plan.ts'))).toBe(true)
  const foreign = inputs.filter(
    (path) =>
      /node_modules\/(ioredis|@kubernetes|undici|unenv|@opentelemetry\/(sdk|exporter))/.test(path) ||
      path.endsWith('.node.ts') ||
      /(^|\/)src\/(agent|cli|compile|source)\//.test(path),
  )
  expect(foreign).toEqual([])
})

test('it imports nothing at run time but what the platform is', () => {
  const imports = Object.values(metafile().outputs).flatMap((output) => output.imports)
  const outside = imports.filter(({ path }) => !path.startsWith('cloudflare:'))
  expect(outside).toEqual([])
  expect(readFileSync(bundle.script, 'utf8')).not.toMatch(/(from|import|require)\s*\(?\s*["']node:/)
})
