// Runs the client side of http-tests' cache-tests against a port of this machine, and prints its results as JSON.
// The package (npm `http-cache-tests`) is written for the command line; of its dependencies none is used here, so they are
// overridden in package.json: one of them is an npm of 2020.
import { Agent, fetch } from 'undici'
import * as v from 'valibot'
import { HOST } from './outcome.ts'

const requestSchema = v.looseObject({ pause_after: v.optional(v.boolean()) })
const testSchema = v.looseObject({ id: v.string(), requests: v.array(requestSchema) })
type CacheTest = v.InferOutput<typeof testSchema>
const suites = v.object({ default: v.array(v.looseObject({ id: v.string(), tests: v.array(testSchema) })) })
const runner = v.object({ runTests: v.function(), getResults: v.function() })

const port = Number(process.argv[2])
const toThisMachine = new Agent({
  connect: {
    lookup: (_name, { all }, done) =>
      all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  },
})
const { runTests, getResults } = v.parse(runner, await load('client/runner.mjs'))
const written = v
  .parse(suites, await load('tests/index.mjs'))
  .default.flatMap(({ id, tests }) => tests.map((test) => ({ ...test, id: `${id}/${test.id}` })))
const base = `http://${HOST}:${port}`
const get = (url: string, init: object) => fetch(url, { ...init, dispatcher: toThisMachine })
await runTests([{ tests: [...written.map(first), ...written] }], get, false, base)
process.stdout.write(JSON.stringify(getResults()))
await toThisMachine.close()

/** Without a cache most tests end at their second answer: the first exchange of each is a test of its own. */
function first(test: CacheTest): CacheTest {
  const { pause_after: _, ...request } = structuredClone(test.requests[0] ?? {})
  return { ...test, id: `${test.id} (first exchange)`, requests: [request] }
}

function load(file: string): Promise<unknown> {
  return import(`http-cache-tests/${file}`)
}
