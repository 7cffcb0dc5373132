import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { hostileHostsContract } from '../contract/hostile-hosts.ts'
import { bothYaml, hostileRelayContract, NOTHING_HELD, OTHER_HOST } from '../contract/hostile-relay.ts'
import { workerReader } from '../contract/hostile-shells.ts'
import { startHostileRelay } from '../support/hostile-relay.ts'
import { hostilities } from '../support/hostilities.ts'
import { send, startHttp } from '../support/http.ts'
import { keyBindings } from '../support/keys.ts'
import { answerTo } from '../support/meddling.ts'
import { publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'
import { bundleWorker, startWorkerd, type WorkerBundle } from '../support/workerd.ts'

let bundle: WorkerBundle
beforeAll(() => {
  bundle = bundleWorker()
})
afterAll(() => bundle.remove())
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const start = workerReader(() => bundle)
hostileRelayContract('The Worker', start)
hostileHostsContract('The Worker', start)

const anotherHosts = {
  name: "answers with another host's bundle",
  meddle: answerTo(`/v1/hosts/${OTHER_HOST}`),
  said: /host:web\.shop\.example\.test is neither there nor proven absent/,
}

test.each([...hostilities.slice(0, 2), anotherHosts])(
  'the Worker reads other hosts from a relay that $name for one',
  async ({ meddle, said }) => {
    const pod = await startHttp((_request, response) => void response.end('well'))
    const published = await publishBehindRelay(bothYaml(pod, pod))
    const relay = await startHostileRelay(published.relay.port)
    closers.push(pod.close, published.close, relay.close)
    relay.turn(meddle, /^\/v1\/hosts\/web\./)
    const worker = await start({ url: relay.url, token: TOKEN })
    closers.push(() => worker.close())
    for (let i = 0; i < 3; i++) {
      expect(await send(worker)).toMatchObject(NOTHING_HELD)
      expect(await send({ ...worker, host: OTHER_HOST })).toMatchObject({ status: 200, body: 'well' })
    }
    await waitFor('the reason', worker.said, (text) => said.test(text))
  },
)

test('a Worker whose token can be none says so, and does not repeat it', async () => {
  const said: string[] = []
  const wrong = await startWorkerd({
    script: bundle.script,
    bindings: { ...keyBindings, RELAY_URL: 'http://127.0.0.1:1', RELAY_TOKEN: 'a secret with spaces' },
    onLog: (line) => void said.push(line),
  })
  closers.push(wrong.stop)
  expect(await send(wrong)).toMatchObject({ status: 500, body: 'postern: proxy_configuration_error\n' })
  await waitFor(
    'the reason',
    () => said.join('\n'),
    (text) => /Cannot read variable RELAY_TOKEN: a token consists of/.test(text),
  )
  expect(said.join('\n')).not.toContain('a secret')
})
