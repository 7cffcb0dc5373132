/** More than any object that etcd takes (1.5 MiB) comes to as JSON. */
const MAX_LINE_CHARS = 32 * 1024 * 1024
/** More than a page of objects comes to (256 KiB each), and less than the agent's memory. */
const MAX_TEXT_BYTES = 128 * 1024 * 1024

/** A body as it comes, bounded over all. */
export async function* readChunks(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_TEXT_BYTES,
): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    yield chunk
  }
}

/** A whole body, bounded. */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes?: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of readChunks(body, maxBytes)) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}

/** The lines of a body, as they come; each bounded. What is cut off before its end is none. */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  maxChars: number = MAX_LINE_CHARS,
): AsyncIterable<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  let length = 0
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      const whole = parts.length === 0 ? line : parts.join('') + line
      parts = []
      length = 0
      if (whole !== '') yield whole
    }
    length += last.length
    if (length > maxChars) throw new Error(`a line is longer than ${maxChars} characters`)
    if (last !== '') parts.push(last)
  }
}
