import * as v from 'valibot'

const targetsSchema = v.tuple([v.object({ webSocketDebuggerUrl: v.string() })])
const messageSchema = v.object({ id: v.optional(v.number()), result: v.optional(v.unknown()) })
const usageSchema = v.object({ usedSize: v.number(), backingStorageSize: v.number() })

/**
 * Bytes that an isolate holds once its garbage is gone: V8's heap and the buffers beside it, which are what the
 * platform's 128 MB bound. The process around it has its own malloc, code and compiled snapshots.
 *
 * @param inspector where the inspector of Node or workerd listens, as `address:port`
 */
export async function readIsolateBytes(inspector: string): Promise<number> {
  const targets = await (await fetch(`http://${inspector}/json`)).json()
  const [{ webSocketDebuggerUrl }] = v.parse(targetsSchema, targets)
  const socket = new WebSocket(webSocketDebuggerUrl)
  try {
    await new Promise<unknown>((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error(`Cannot reach ${webSocketDebuggerUrl}`)))
    })
    // workerd does not answer `collectGarbage`; a snapshot begins with a full collection.
    await call(socket, 1, 'HeapProfiler.enable')
    await call(socket, 2, 'HeapProfiler.takeHeapSnapshot')
    const { usedSize, backingStorageSize } = v.parse(
      usageSchema,
      await call(socket, 3, 'Runtime.getHeapUsage'),
    )
    return usedSize + backingStorageSize
  } finally {
    socket.close()
  }
}

/** Answers have the id of what they answer; events have none. */
function call(socket: WebSocket, id: number, method: string): Promise<unknown> {
  return new Promise((resolve) => {
    const onMessage = ({ data }: MessageEvent): void => {
      const message = v.parse(messageSchema, JSON.parse(String(data)))
      if (message.id !== id) return
      socket.removeEventListener('message', onMessage)
      resolve(message.result)
    }
    socket.addEventListener('message', onMessage)
    socket.send(JSON.stringify({ id, method }))
  })
}
