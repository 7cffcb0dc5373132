import { deepStrictEqual as same, strictEqual } from 'node:assert'
import { METHODS } from 'node:http'
import fc from 'fast-check'
import { NodeServerReader, type SeenRequest } from './node-server-reader.ts'
import { type RequestReading, readRequests } from './read-request.ts'
import { hostileConnection, pipeline } from './request-grammar.ts'

const cuts = fc.array(fc.nat(600), { maxLength: 20 })

/** Every request of the grammar is read as it was meant, however it is split. */
export function readsTheGrammar(): fc.IProperty<unknown> {
  return fc.property(pipeline, cuts, (written, at) => {
    const text = written.map((one) => one.text).join('')
    const { requests, error } = readRequests(text, at)
    strictEqual(error, undefined)
    const meant = written.map(({ text: _, ...rest }) => rest)
    // An HTTP/1.0 client that does not ask to stay is gone after its answer.
    same(requests.map(asSeen), meant.slice(0, requests.length))
    strictEqual(requests.length === meant.length || requests.at(-1)?.head.keepsAlive === false, true)
  })
}

/** What is broken is read the same however it is split, and only typed refusals end it. */
export function readsSplitsAlike(): fc.IProperty<unknown> {
  return fc.property(hostileConnection, cuts, (text, at) => {
    const whole = readRequests(text)
    const everyByte = Array.from({ length: text.length }, (_, i) => i)
    same(readRequests(text, at), whole)
    same(readRequests(text, everyByte), whole)
  })
}

/** What we take for a request, node:http in its strict mode takes for the same one. */
export function agreesWithNode(count: { accepted: number }): fc.IAsyncProperty<unknown> {
  const node = new NodeServerReader()
  return fc.asyncProperty(hostileConnection, async (text) => {
    const compared = comparable(readRequests(text).requests).map(asSeen)
    if (compared.length === 0) return
    count.accepted += compared.length
    same((await node.read(text)).slice(0, compared.length), compared)
  })
}

/** Less what node:http reads in a way of its own. */
function comparable(requests: readonly RequestReading[]): readonly RequestReading[] {
  // It refuses methods that it does not know (RFC 9110 §9.1 lets anybody define one).
  const strange = requests.findIndex(({ head }) => !METHODS.includes(head.method))
  const known = strange === -1 ? requests : requests.slice(0, strange)
  // After a request to upgrade it drops what came with it, also when the upgrade is declined; and of HTTP/1.0 it does
  // not find `keep-alive` before a space.
  const last = known.findIndex(({ head }) => head.upgrade !== '' || head.minorVersion === 0)
  return last === -1 ? known : known.slice(0, last + 1)
}

function asSeen({ head, body, trailers }: RequestReading): SeenRequest {
  const { method, target, minorVersion, fields } = head
  return { method, target, version: `1.${minorVersion}`, fields, body, trailers }
}
