// A process of its own: many followers of one relay, as sockets that only count. Talks to its parent by messages.
import { connect, type Socket } from 'node:net'

const [port = '', count = '', token = '', after = ''] = process.argv.slice(2)

/** Shorter pieces are greetings and keep-alives. */
const MIN_ENTRY_BYTES = 64
/** How an entry ends on the wire: a block that was flushed (RFC 1951 §3.2.4), and the chunk's end. */
const ENTRY_END = Buffer.from([0, 0, 0xff, 0xff, 0x0d, 0x0a])

/** What came since the last entry that everyone has. */
let arrived = 0
let bytes = 0

function follow(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `GET /v1/changes?after=${after} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${token}\r\nAccept-Encoding: gzip\r\n\r\n`,
      )
    })
    let size = 0
    let isOpen = false
    socket.on('data', (chunk) => {
      if (!isOpen) {
        if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) reject(new Error(chunk.toString('latin1')))
        isOpen = true
        resolve(socket)
        return
      }
      size += chunk.byteLength
      if (size < MIN_ENTRY_BYTES || !chunk.subarray(-ENTRY_END.length).equals(ENTRY_END)) return
      bytes += size
      size = 0
      arrived++
      if (arrived === Number(count)) everyoneHasIt()
    })
    socket.on('error', reject)
    socket.on('close', () => process.exit(1))
  })
}

function everyoneHasIt(): void {
  // The monotonic clock is the same one in every process.
  process.send?.({ at: String(process.hrtime.bigint()), bytes })
  arrived = 0
  bytes = 0
}

for (let index = 0; index < Number(count); index++) await follow()
process.send?.({ ready: true })
