import { afterEach, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { startHostileRelay } from '../support/hostile-relay.ts'
import { send, startHttp } from '../support/http.ts'
import { endless } from '../support/meddling.ts'
import { startServing } from '../support/postern-process.ts'
import { CLUSTER, publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

test('a registry without end, of small records, leaves a gateway with little memory standing', async () => {
  const old = await startHttp((_request, response) => void response.end('old'))
  const moved = await startHttp((_request, response) => void response.end('moved'))
  const published = await publishBehindRelay(serviceYaml({ endpoints: [old.port] }))
  const relay = await startHostileRelay(published.relay.port)
  closers.push(old.close, moved.close, published.close, relay.close)
  const source = ['--relay-url', relay.url, '--relay-token', TOKEN, '--cluster', CLUSTER]
  const gateway = await startServing(['gateway', ...source], { NODE_OPTIONS: '--max-old-space-size=256' })
  closers.push(() => gateway.stop())
  expect(await send(gateway)).toMatchObject({ status: 200, body: 'old' })

  const { body } = await relay.ask('/v1/registry')
  const [head = ''] = body.split('\n')
  relay.turn(endless(`${head}\n`, '["a","b","c"]\n'.repeat(5_000)))
  await waitFor('the reason', gateway.said, (text) => /: it takes more than \d+ bytes/.test(text))
  expect(await send(gateway)).toMatchObject({ status: 200, body: 'old' })

  relay.relent()
  await published.publish(serviceYaml({ endpoints: [moved.port] }))
  await waitFor(
    'the change',
    () => send(gateway),
    (answer) => answer.body === 'moved',
  )
  expect(gateway.child.exitCode).toBeNull()
})
