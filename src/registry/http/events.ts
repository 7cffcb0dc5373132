import { linesOf } from './body.ts'

export interface ServerEvent {
  readonly type: string
  readonly data: string
}

/**
 * Reads server-sent events (HTML §9.2.6), as far as a relay sends them: lines end with LF, an event has one line of data.
 * @throws BodyError; whatever the stream throws
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  maxLine: number,
  onBytes: (bytes: number) => void,
): AsyncIterable<ServerEvent> {
  let type = 'message'
  let data: string | undefined
  for await (const line of linesOf(body, maxLine, onBytes)) {
    if (line === '') {
      if (data !== undefined) yield { type, data }
      type = 'message'
      data = undefined
    } else if (line.startsWith('event: ')) {
      type = line.slice('event: '.length)
    } else if (line.startsWith('data: ')) {
      data = line.slice('data: '.length)
    }
  }
}
