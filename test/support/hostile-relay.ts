import type { ServerResponse } from 'node:http'
import { TOKEN } from './relay.ts'
import { passTo, startRogue } from './rogue-server.ts'

/** What an honest relay answered, its body decompressed. */
export interface HonestAnswer {
  readonly path: string
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
  /** Asks the honest relay for something else. */
  ask(path: string): Promise<HonestAnswer>
}

/** What is sent in its place. */
export type Meddle = (honest: HonestAnswer, outgoing: ServerResponse) => unknown

export interface HostileRelay {
  readonly url: string
  /** Honest from now on, until it is turned again. */
  relent(): void
  /** Meddles with whatever matches from now on, and cuts the streams that are open. */
  turn(meddle: Meddle, paths?: RegExp): void
  /** Which paths were asked for, in order, since it was last turned. */
  readonly asked: readonly string[]
  /** Asks the honest relay. */
  ask(path: string): Promise<HonestAnswer>
  close(): Promise<void>
}

/** Stands between a real relay and those who read it. */
export async function startHostileRelay(port: number): Promise<HostileRelay> {
  const honestly = passTo(port)
  // Whole, whatever its reader holds: a 304 has nothing to meddle with.
  const ask = async (path: string): Promise<HonestAnswer> => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const named = ['content-type', 'postern-head', 'etag'].flatMap((name) => {
      const value = response.headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    return {
      path,
      status: response.status,
      fields: Object.fromEntries(named),
      body: await response.text(),
      ask,
    }
  }
  const streams = new Set<ServerResponse>()
  let hostility: { readonly meddle: Meddle; readonly paths: RegExp } | undefined
  let asked: string[] = []
  const server = await startRogue((incoming, outgoing) => {
    const path = incoming.url ?? ''
    asked.push(path)
    if (hostility?.paths.test(path)) {
      const { meddle } = hostility
      void ask(path).then((honest) => meddle(honest, outgoing))
      return
    }
    if (path.startsWith('/v1/changes')) {
      if (hostility !== undefined) return void outgoing.destroy()
      streams.add(outgoing)
    }
    honestly(incoming, outgoing)
  })
  const turnTo = (next: typeof hostility): void => {
    hostility = next
    asked = []
    for (const stream of streams) stream.destroy()
    streams.clear()
  }
  return {
    url: server.url,
    ask,
    get asked() {
      return asked
    },
    relent: () => turnTo(undefined),
    turn: (meddle, paths = /^\/v1\/(hosts|registry)/) => turnTo({ meddle, paths }),
    close: server.close,
  }
}
