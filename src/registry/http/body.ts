import { RegistryError } from '../port.ts'

/** Why a body is given up; the caller says what was being read. */
export class BodyError extends RegistryError {}

/**
 * The lines of a body, without their ends. Bounded: a peer that never ends a line, or never ends, is cut.
 * @throws BodyError; whatever the stream throws
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  maxLine: number,
  onBytes: (bytes: number) => void = () => {},
): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  // A line may come in many pieces: they are joined once.
  let pieces: string[] = []
  let held = 0
  for await (const chunk of chunksOf(body)) {
    onBytes(chunk.byteLength)
    const parts = decodeWith(decoder, chunk).split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      yield pieces.length === 0 ? part : pieces.join('') + part
      pieces = []
      held = 0
      if (part.length > maxLine) throw tooLong(maxLine)
    }
    if (last !== '') pieces.push(last)
    held += last.length
    if (held > maxLine) throw tooLong(maxLine)
  }
  // What ends without a line's end was cut.
  if (held > 0) throw new BodyError('unreachable', 'it ends in the middle of a line')
}

/** A whole body as text. @throws BodyError; whatever the stream throws */
export async function textOf(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let bytes = 0
  let text = ''
  for await (const chunk of chunksOf(body)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new BodyError('invalid', `it is longer than ${maxBytes} bytes`)
    text += decodeWith(decoder, chunk)
  }
  return text
}

/** Leaving early cancels the body: nothing is left to fill up. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = body.getReader()
  let isWhole = false
  try {
    while (true) {
      const { value, done } = await reader.read()
      isWhole = done
      if (done) return
      yield value
    }
  } finally {
    if (!isWhole) await reader.cancel().catch(() => {})
  }
}

function decodeWith(decoder: TextDecoder, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true })
  } catch (cause) {
    throw new BodyError('invalid', 'it is not UTF-8', { cause })
  }
}

function tooLong(maxLine: number): BodyError {
  return new BodyError('invalid', `a line is longer than ${maxLine} characters`)
}
