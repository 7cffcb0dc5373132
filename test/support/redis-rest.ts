import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import * as v from 'valibot'

const commandSchema = v.array(v.union([v.string(), v.number()]))
const pipelineSchema = v.array(commandSchema)

export interface RedisRestProxy {
  readonly url: string
  close(): Promise<void>
}

/** A proxy that speaks Upstash's REST protocol in front of a real Redis: commands are passed on as they come. */
export async function startRedisRest(redisUrl: string, token: string): Promise<RedisRestProxy> {
  const redis = new Redis(redisUrl, { protocol: 2 })
  const run = async ([name, ...args]: v.InferOutput<typeof commandSchema>): Promise<object> => {
    try {
      return { result: await redis.call(String(name), args) }
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }
  const answer = async (request: IncomingMessage): Promise<[status: number, body: object]> => {
    if (request.headers.authorization !== `Bearer ${token}`) return [401, { error: 'Unauthorized' }]
    const body: unknown = JSON.parse(await text(request))
    if (request.url === '/pipeline') return [200, await Promise.all(v.parse(pipelineSchema, body).map(run))]
    const reply = await run(v.parse(commandSchema, body))
    return ['error' in reply ? 400 : 200, reply]
  }
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      redis.disconnect()
    },
  }
}
