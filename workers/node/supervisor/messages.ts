import * as v from 'valibot'

/** Where a worker finds the sockets that it is given: after its three streams and the channel. */
export const SOCKET_FD = 4
/** The one for TLS, where that is spoken. */
export const SECURE_SOCKET_FD = 5

/** In base64, the one that makes new tickets first. */
const ticketKeys = v.array(v.string())

const relaySchema = v.object({ url: v.string(), token: v.string() })

/** Where a supervisor serves the registry that it holds itself. */
export type Relay = Readonly<v.InferOutput<typeof relaySchema>>

const orderSchema = v.variant('type', [
  v.object({
    type: v.literal('start'),
    worker: v.number(),
    /** null: the registry is where the command line says. */
    relay: v.nullable(relaySchema),
    ticketKeys,
  }),
  /** From now on with these keys of session tickets. */
  v.object({ type: v.literal('renew-tickets'), ticketKeys }),
  /** To say for all workers that they are ready. */
  v.object({ type: v.literal('announce'), consolePort: v.number() }),
  /** A question to its console: a GET, or a POST of that body. */
  v.object({ type: v.literal('ask'), id: v.number(), path: v.string(), posted: v.optional(v.string()) }),
  v.object({ type: v.literal('stop'), delayMs: v.number() }),
])

const reportSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({
    type: v.literal('answer'),
    id: v.number(),
    status: v.number(),
    contentType: v.string(),
    body: v.string(),
  }),
])

/** What a supervisor tells a worker. */
export type Order = Readonly<v.InferOutput<typeof orderSchema>>

/** What a worker tells its supervisor. */
export type Report = Readonly<v.InferOutput<typeof reportSchema>>

export function parseOrder(message: unknown): Order {
  return v.parse(orderSchema, message)
}

export function parseReport(message: unknown): Report {
  return v.parse(reportSchema, message)
}
