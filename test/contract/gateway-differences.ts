/** Where a shell of the gateway does otherwise than the Node listener, and why. docs/workers.md tells users. */
export const differences = {
  'refused-looks-lost':
    'fetch tells a refused connection like a broken one: the answer says connection_terminated, and only idempotent methods are tried elsewhere',
  'body-is-taken-early':
    'fetch takes the first bytes of a body before there is a connection: what has a body is not sent again',
  'garbage-looks-lost': 'fetch tells an answer that is no HTTP like a connection that broke',
  'host-is-the-endpoint': "fetch writes the URL's authority as Host: the application reads X-Forwarded-Host",
  'no-trailers': 'fetch shows no trailers',
  'no-early-hints': 'fetch shows no interim responses',
  'no-body-of-get': 'fetch refuses to send a GET with a body: 501, and a problem on the Service',
  'no-grpc': 'fetch speaks HTTP/1.1 without trailers: gRPC gets 501, and a problem on the Service',
  'url-is-parsed-before': 'a request of the web has no dot segments left by the time that it is planned',
  'target-is-checked-before': 'workerd refuses `<`, `>` and a backtick in a target itself: 400',
  'no-websocket': "Node's fetch cannot upgrade; the Worker's can",
  decoded: "Node's fetch decodes bodies; the Worker's passes them on as they are",
  'small-is-whole':
    'an answer of a known length up to 16 KB is taken whole before it is passed on: one that breaks off is a 502',
  'counts-apart':
    'an isolate knows of no other: a rate limit that is shared does as its on-error says, and is a problem on the Service',
  'leaving-is-not-seen':
    'workerd tells that a client has left when a write fails, not before: timeouts end the attempt',
} as const

export type Difference = keyof typeof differences

const OF_FETCH = [
  'refused-looks-lost',
  'body-is-taken-early',
  'garbage-looks-lost',
  'host-is-the-endpoint',
  'no-trailers',
  'no-early-hints',
  'no-body-of-get',
  'no-grpc',
  'small-is-whole',
] as const satisfies readonly Difference[]

export type ShellName = 'Node sockets' | 'in-process' | 'workerd' | 'workerd over sockets'

export const differencesOf: Readonly<Record<ShellName, ReadonlySet<Difference>>> = {
  'Node sockets': new Set(),
  'in-process': new Set([...OF_FETCH, 'no-websocket', 'decoded', 'url-is-parsed-before', 'counts-apart']),
  workerd: new Set([...OF_FETCH, 'leaving-is-not-seen', 'counts-apart', 'target-is-checked-before']),
  'workerd over sockets': new Set([
    'no-trailers',
    'no-early-hints',
    'no-body-of-get',
    'no-grpc',
    'small-is-whole',
    'leaving-is-not-seen',
    'counts-apart',
    'target-is-checked-before',
  ]),
}
