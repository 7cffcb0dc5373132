/** More than any object that etcd takes (1.5 MiB, as JSON), and than any page of them. */
const MAX_LINE_CHARS = 32 * 1024 * 1024
const MAX_TEXT_BYTES = 512 * 1024 * 1024

/** A whole body, bounded. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_TEXT_BYTES) throw new Error(`the answer is larger than ${MAX_TEXT_BYTES} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The lines of a body, as they come; each bounded. */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
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
    if (length > MAX_LINE_CHARS) throw new Error(`a line is longer than ${MAX_LINE_CHARS} characters`)
    if (last !== '') parts.push(last)
  }
}
