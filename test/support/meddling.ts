import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { HonestAnswer, Meddle } from './hostile-relay.ts'

// Ways to send something else than an honest answer.

export const sent =
  (status: number, type: string, body: string): Meddle =>
  (_honest, outgoing) =>
    outgoing.writeHead(status, { 'content-type': type }).end(body)

/** The honest answer with another body. */
export const altered =
  (alter: (body: string) => string): Meddle =>
  ({ status, fields, body }, outgoing) =>
    outgoing.writeHead(status, fields).end(alter(body))

/** The first half of the honest answer, framed as the whole; then the connection is cut. */
export const halved =
  (framing: (body: Buffer) => Record<string, string>, encode = (text: string) => Buffer.from(text)): Meddle =>
  ({ status, fields, body }, outgoing) => {
    const bytes = encode(body)
    outgoing.writeHead(status, { ...fields, ...framing(bytes) })
    outgoing.write(bytes.subarray(0, bytes.length / 2), () => setImmediate(() => outgoing.destroy()))
  }

/** The first half of what would be compressed, as an answer that ends well. */
export const halfOfGzip: Meddle = ({ status, fields, body }, outgoing) => {
  const bytes = gzipSync(body)
  outgoing
    .writeHead(status, { ...fields, 'content-encoding': 'gzip' })
    .end(bytes.subarray(0, bytes.length / 2))
}

const OPENING = /\["endpoints",[^\]]*\\"endpoints\\"[^\n]*?"\](,?)/

/** Takes out the record of the endpoints, and counts one less where it is counted. */
export function withoutEndpoints(body: string): string {
  const less = body
    .replace(OPENING, '')
    .replace(/,\]/, ']')
    .replace(/\n\n/, '\n')
    .replace(/"count":(\d+)/, (_all, count) => `"count":${Number(count) - 1}`)
  if (less === body) throw new Error(`there are no endpoints in ${body}`)
  return less
}

/** Goes on until its reader leaves. */
export const endless =
  (first: string, piece: string): Meddle =>
  ({ fields }, outgoing) => {
    outgoing.writeHead(200, fields)
    outgoing.write(first)
    const more = (): void => {
      while (!outgoing.destroyed && outgoing.write(piece));
      if (!outgoing.destroyed) outgoing.once('drain', more)
    }
    more()
  }

/** The first half of the honest answer, and then nothing. */
export const stalled: Meddle = ({ status, fields, body }, outgoing) => {
  outgoing.writeHead(status, fields)
  outgoing.write(body.slice(0, body.length / 2))
}

/** The honest answer to another question. */
export const answerTo =
  (path: string): Meddle =>
  async ({ ask }, outgoing) =>
    resend(await ask(path), outgoing)

/** The honest answer, or one of another time. */
export function resend({ status, fields, body }: HonestAnswer, outgoing: ServerResponse): void {
  outgoing.writeHead(status, fields).end(body)
}

/** The honest answer with another head, in its field and in its body: what is signed, or the signature's own header. */
export const withHead =
  (part: 'header' | 'payload', alter: (text: string) => string): Meddle =>
  ({ status, fields, body }, outgoing) => {
    const head = fields['postern-head'] ?? ''
    const [header = '', payload = '', signature = ''] = head.split('.')
    const edit = (text: string) =>
      Buffer.from(alter(Buffer.from(text, 'base64url').toString())).toString('base64url')
    const altered =
      part === 'header' ? [edit(header), payload, signature] : [header, edit(payload), signature]
    const text = altered.join('.')
    outgoing.writeHead(status, { ...fields, 'postern-head': text }).end(body.replaceAll(head, text))
  }
