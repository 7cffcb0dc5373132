import { once } from 'node:events'
import { type IncomingMessage, type InformationEvent, request } from 'node:http'
import { startScripted } from '../../support/scripted-server.ts'
import { HOST, type Outcome, type Outcomes } from './outcome.ts'

type Interim = readonly [status: number, fields?: Readonly<Record<string, string>>]

/** After the group `interim` of http-tests' cache-tests, which the package on npm is too old to have. */
const tests: Readonly<Record<string, readonly Interim[]>> = {
  'interim-102': [[102]],
  'interim-103': [[103, { link: '</styles.css>; rel=preload; as=style', 'x-my-header': 'test' }]],
  'interim-several': [[102], [103, { link: '</a>' }], [102], [103, { link: '</b>', 'x-b': '1' }]],
  'interim-unknown': [[110, { 'x-a': '1' }]],
}

/** A server that answers with what the path names. */
export function startInterimServer() {
  return startScripted((head, socket) => {
    const interims = tests[/^GET \/([\w-]+) /.exec(head)?.[1] ?? ''] ?? []
    const text = interims.map(([status, fields = {}]) => {
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
      return `HTTP/1.1 ${status} Interim\r\n${lines.join('')}\r\n`
    })
    socket.write(`${text.join('')}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal`)
  })
}

export async function runInterimTests(port: number): Promise<Outcomes> {
  const outcomes = Object.entries(tests).map(
    async ([name, expected]): Promise<[string, Outcome]> => [
      `interim/${name}`,
      await runTest(port, name, expected),
    ],
  )
  return new Map(await Promise.all(outcomes))
}

async function runTest(port: number, name: string, expected: readonly Interim[]): Promise<Outcome> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path: `/${name}`,
    headers: { host: HOST },
    agent: false,
  })
  const seen: InformationEvent[] = []
  outgoing.on('information', (event: InformationEvent) => void seen.push(event)).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  if (response.statusCode !== 200 || body !== 'final')
    return `The final response is ${response.statusCode} ${body}`
  const told = seen.map(({ statusCode, headers }) => [statusCode, { ...headers }])
  const wanted = expected.map(([status, fields = {}]) => [status, fields])
  if (JSON.stringify(told) === JSON.stringify(wanted)) return undefined
  return `Interim responses are ${JSON.stringify(told)}, not ${JSON.stringify(wanted)}`
}
