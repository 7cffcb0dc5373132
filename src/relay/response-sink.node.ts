import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Follower } from './follower.ts'

/** Sends events by the response itself: a stream in between would cost as much again as the write. */
export function sendEvents(
  bindings: unknown,
  fields: Readonly<Record<string, string>>,
  follower: Follower,
): Response {
  // The adaptor passes these bindings to every request.
  const { outgoing } = bindings as HttpBindings
  outgoing.writeHead(200, { ...fields })
  outgoing.on('drain', () => follower.flush())
  outgoing.on('close', () => follower.leave('left'))
  follower.start({
    get hasRoom() {
      return !outgoing.writableNeedDrain
    },
    write: (bytes) => void outgoing.write(bytes),
    end: () => void outgoing.end(),
    cut: () => void outgoing.destroy(),
  })
  follower.flush()
  return RESPONSE_ALREADY_SENT
}
